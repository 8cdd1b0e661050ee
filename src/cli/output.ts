/**
 * The two streams of the process: results on stdout, everything for people on stderr. Keeps them apart from the progress
 * display, and quiet when a reader such as `head` has gone.
 * @module
 */
import { setImmediate } from 'node:timers/promises';
import { styleText } from 'node:util';
import { fromSystem, ImageError } from '../base/errors.ts';
import { archiveOnStdout } from '../system/stdout.ts';
import { createProgress, type ProgressDisplay } from './render/progress.ts';

export interface Output {
  readonly progress: ProgressDisplay;
  /** To stdout, with a newline. */
  print(text: string): void;
  /** To stdout as it is; resolves when there is room for more. @throws ImageError IO when it cannot be written, or the reader has gone */
  write(bytes: Uint8Array): Promise<void>;
  /** To stderr, with a newline. */
  note(text: string): void;
  /** Where commander puts help: the streams as they are. */
  writeOut(text: string): void;
  writeErr(text: string): void;
  mark(kind: 'error' | 'hint', text: string): string;
  /** Whether the reader of what {@link Output.write} had written left before the end: it has a part of it. */
  isCutOff(): boolean;
  /** Resolves when both streams have taken everything. */
  flush(): Promise<void>;
}

/**
 * Anything else that keeps stdout from taking what is written, a full disk for instance, ends the process: it is thrown from
 * the stream's event, as an ImageError.
 * @param onClosed called once, when the reader of stdout has gone (EPIPE)
 */
export function processOutput(onClosed: () => void): Output {
  const { stdout, stderr } = process;
  const progress = createProgress(stderr);
  let closed = false;
  let writesBytes = false;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw unwritable(error);
    if (!closed) onClosed();
    closed = true;
  });
  // Nobody is left to tell: what the program is doing goes on.
  stderr.on('error', () => undefined);
  return {
    progress,
    print(text) {
      if (closed) return;
      progress.clear();
      stdout.write(`${text}\n`);
    },
    async write(bytes) {
      writesBytes = true;
      await new Promise<void>((resolve, reject) => {
        stdout.write(bytes, (error) => {
          if (!error) resolve();
          else reject(unwritable(error));
        });
      });
    },
    note(text) {
      progress.clear();
      stderr.write(`${text}\n`);
    },
    writeOut(text) {
      if (!closed) stdout.write(text);
    },
    writeErr: (text) => void stderr.write(text),
    mark: (kind, text) => styleText(kind === 'error' ? ['bold', 'red'] : 'cyan', text, { stream: stderr }),
    isCutOff: () => closed && (writesBytes || archiveOnStdout()),
    async flush() {
      progress.clear();
      for (const stream of [stdout, stderr].filter(({ writableLength }) => writableLength > 0)) {
        await new Promise((resolve) => stream.write('', resolve));
      }
      // What could not be written is an event of the streams' next turn.
      await setImmediate();
    },
  };
}

function unwritable(error: NodeJS.ErrnoException): ImageError {
  if (error.code === 'EPIPE')
    return new ImageError('IO', 'cannot write standard output: its reader has gone', { cause: error });
  return fromSystem(error, 'cannot write standard output', 'look at where it is sent to');
}

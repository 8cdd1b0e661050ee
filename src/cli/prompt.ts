/** Asking the person at the terminal. Questions go to stderr: stdout is for results. @module */
import { StringDecoder } from 'node:string_decoder';
import { ImageError } from '../base/errors.ts';

/** Most bytes of what is typed or piped in. */
const LIMIT = 64 * 1024;

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true;
}

/**
 * One line, without its end.
 * @param hidden what is typed is not shown
 * @throws ImageError USAGE where the input ends before the line does
 */
export async function ask(question: string, { hidden }: { readonly hidden: boolean }): Promise<string> {
  const { stdin, stderr } = process;
  // The terminal shows what is typed, unless every key is taken as it is: so from before the question on.
  if (hidden) stdin.setRawMode(true);
  stderr.write(question);
  try {
    return await lineOf(stdin);
  } finally {
    if (hidden && !stdin.destroyed) stdin.setRawMode(false);
    if (hidden) stderr.write('\n');
    stdin.pause();
  }
}

function lineOf(stdin: NodeJS.ReadStream): Promise<string> {
  const decoder = new StringDecoder('utf8');
  let line = '';
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      stdin.off('data', onData);
      stdin.off('close', onClose);
      settle();
    };
    // Destroyed by a signal, or the terminal has gone.
    const onClose = () => end(() => reject(nothingTyped()));
    const onData = (bytes: Buffer) => {
      for (const key of decoder.write(bytes)) {
        if (key === '\r' || key === '\n') return end(() => resolve(line));
        if (key === '\u0004' && line === '') return end(() => reject(nothingTyped()));
        line = edited(line, key);
      }
    };
    stdin.on('data', onData);
    stdin.on('close', onClose);
    stdin.resume();
  });
}

/** What the terminal itself does with these keys, when it is let. */
function edited(line: string, key: string): string {
  switch (key) {
    case '\u0003': // Ctrl-C
      process.kill(process.pid, 'SIGINT');
      return line;
    case '\u007F': // Backspace
    case '\b':
      return [...line].slice(0, -1).join('');
    case '\u0015': // Ctrl-U
      return '';
    default:
      return line.length < LIMIT ? line + key : line;
  }
}

function nothingTyped(): ImageError {
  return new ImageError('USAGE', 'the input ended before an answer was given');
}

/** All of stdin, without one line end behind it. @throws ImageError USAGE: nothing, too much, not UTF-8 */
export async function readSecretFromStdin(): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of process.stdin) {
    pieces.push(piece);
    size += piece.length;
    if (size > LIMIT) throw new ImageError('USAGE', `the password on stdin has more than ${LIMIT} bytes`);
  }
  const bytes = Buffer.concat(pieces);
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) throw new ImageError('USAGE', 'the password on stdin is not UTF-8');
  return text.replace(/\r?\n$/, '');
}

/**
 * Shows how a long operation is going: one line that keeps changing on a terminal; elsewhere one line for each step and for
 * each transfer that is complete.
 * @module
 */
import { styleText } from 'node:util';
import type { Progress } from '../../ports/run.ts';
import { bytesText } from './units.ts';

export interface ProgressDisplay {
  show(progress: Progress): void;
  /** Takes the changing line away, so that something else can be written; the next `show` brings it back. */
  clear(): void;
}

/** What is needed of a stream; `process.stderr` is one. */
export interface Screen extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A line is drawn anew at most this often, in milliseconds: more cannot be read and costs time. */
const INTERVAL = 80;
const BAR_CELLS = 24;

/** @param now milliseconds; for tests */
export function createProgress(screen: Screen, now: () => number = () => performance.now()): ProgressDisplay {
  return screen.isTTY === true ? terminalProgress(screen, now) : lineProgress(screen);
}

function warningLine(text: string, screen: Screen): string {
  const stream = screen as NodeJS.WriteStream;
  return `${styleText('yellow', 'warning:', { stream })} ${text}\n`;
}

function lineProgress(screen: Screen): ProgressDisplay {
  return {
    show(progress) {
      switch (progress.type) {
        case 'step':
          screen.write(`${progress.text}\n`);
          break;
        case 'warning':
          screen.write(warningLine(progress.text, screen));
          break;
        case 'bytes':
          if (progress.done === progress.total) screen.write(`${progress.label}: ${bytesText(progress.done)}\n`);
          break;
      }
    },
    clear: () => undefined,
  };
}

function terminalProgress(screen: Screen, now: () => number): ProgressDisplay {
  let drawn = false;
  let last = Number.NEGATIVE_INFINITY;
  const clear = () => {
    if (drawn) screen.write('\r\u001B[K');
    drawn = false;
  };
  const draw = (line: string) => {
    screen.write(`\r\u001B[K${line.slice(0, (screen.columns ?? 80) - 1)}`);
    drawn = true;
    last = now();
  };
  return {
    clear,
    show(progress) {
      switch (progress.type) {
        case 'step':
          draw(`${progress.text} …`);
          break;
        case 'warning':
          clear();
          screen.write(warningLine(progress.text, screen));
          break;
        case 'bytes':
          if (now() - last >= INTERVAL || progress.done === progress.total) draw(bytesLine(progress));
          break;
      }
    },
  };
}

function bytesLine({ label, done, total }: Extract<Progress, { type: 'bytes' }>): string {
  if (total === undefined) return `${label}  ${bytesText(done)}`;
  const share = total === 0 ? 1 : Math.min(done / total, 1);
  const filled = Math.round(share * BAR_CELLS);
  const bar = '━'.repeat(filled) + '╌'.repeat(BAR_CELLS - filled);
  return `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${bytesText(done)} of ${bytesText(total)}  ${label}`;
}

/** The progress display of a build on a terminal: draws what has changed over what it drew before. @module */
import { styleText } from 'node:util';
import type { BuildEvent } from '../../../builders/dockerfile/ports.ts';
import type { Progress } from '../../../ports/run.ts';
import { cellsOf } from './cells.ts';
import { displayLines, type LineOptions, type ShownLine } from './lines.ts';
import { emptyDisplay, ended, withEvent, withProgress } from './state.ts';

/** What is needed of a terminal; `process.stderr` is one. */
export interface Terminal extends NodeJS.WritableStream {
  readonly columns?: number;
  readonly rows?: number;
}

export interface BuildDisplay {
  event(event: BuildEvent): void;
  progress(progress: Progress): void;
  /** Writes a line that stays, above. */
  note(text: string): void;
  /** Draws the end of it, which stays where it is; what is written from then on comes below. */
  finish(how: 'finished' | 'failed'): void;
}

/** Timers are seen to move; more often than this is of no use to anybody, in milliseconds. */
const INTERVAL = 100;

const STYLES = { plain: [], done: ['blue'], failed: ['red'], canceled: ['yellow'], faint: ['dim'] } as const;

/** @param now milliseconds; for tests */
export function terminalDisplay(screen: Terminal, now: () => number = () => performance.now()): BuildDisplay {
  let state = emptyDisplay(now());
  let drawn: readonly ShownLine[] = [];
  let phase: LineOptions['phase'] = 'building';
  let isOver = false;
  const draw = (above = '') => {
    const columns = screen.columns ?? 80;
    const rows = phase === 'building' ? (screen.rows ?? 24) - 1 : Number.MAX_SAFE_INTEGER;
    const lines = displayLines(state, { now: now(), columns: columns - 1, rows, phase });
    const text = `${above}${painted(lines, screen)}`.replaceAll('\n', `${CLEAR_LINE}\n`);
    screen.write(`${HIDE}${goUp(drawn, columns, screen.rows ?? 24)}${text}${CLEAR_BELOW}${SHOW}`);
    drawn = lines;
  };
  const timer = setInterval(() => draw(), INTERVAL);
  timer.unref();
  return {
    event(event) {
      state = withEvent(state, event, now());
    },
    progress(progress) {
      state = withProgress(state, progress, now());
    },
    note(text) {
      if (isOver) screen.write(`${text}\n`);
      else draw(`${text}\n`);
    },
    finish(how) {
      if (isOver) return;
      isOver = true;
      clearInterval(timer);
      state = ended(state, now());
      phase = how;
      if (state.items.length > 0) draw();
      else screen.write(`${goUp(drawn, screen.columns ?? 80, screen.rows ?? 24)}${CLEAR_BELOW}`);
    },
  };
}

const HIDE = '\u001B[?25l';
const SHOW = '\u001B[?25h';
const CLEAR_LINE = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';

/**
 * To the first of the lines drawn. A terminal that became narrower has broken those that are wider than it now is into several; one
 * that became lower has pushed the first ones out.
 */
function goUp(drawn: readonly ShownLine[], columns: number, rows: number): string {
  const height = drawn.reduce((sum, { text }) => sum + Math.max(1, Math.ceil(cellsOf(text) / columns)), 0);
  const up = Math.min(height, rows - 1);
  return up === 0 ? '\r' : `\r\u001B[${up}A`;
}

function painted(lines: readonly ShownLine[], screen: Terminal): string {
  const stream = screen as NodeJS.WriteStream;
  return lines
    .map(({ text, style }) =>
      style === 'plain' ? `${text}\n` : `${styleText([...STYLES[style]], text, { stream })}\n`,
    )
    .join('');
}

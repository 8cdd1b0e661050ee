/** What a build's progress display shows of its state: lines for a terminal of a given size. Pure. @module */
import type { StepEnd } from '../../../builders/dockerfile/ports.ts';
import { bytesText } from '../units.ts';
import { cellsOf, clipped } from './cells.ts';
import { type BuildDisplayState, isStep, type ShownStep, type ShownTransfer } from './state.ts';

export type LineStyle = 'plain' | 'done' | 'failed' | 'canceled' | 'faint';

/** Without colours; never wider than asked for. */
export interface ShownLine {
  readonly text: string;
  readonly style: LineStyle;
}

export interface LineOptions {
  /** By the clock of the state, in milliseconds. */
  readonly now: number;
  readonly columns: number;
  /** At most so many lines. */
  readonly rows: number;
  readonly phase: 'building' | 'finished' | 'failed';
}

/** Below it there is no place for a time. */
const NARROW = 24;

/**
 * A line for the whole, one for each step and transfer, and below those that go on the last lines of their output. Where there
 * is not enough room, output goes first, then what ended first.
 */
export function displayLines(state: BuildDisplayState, options: LineOptions): readonly ShownLine[] {
  const { rows } = options;
  if (rows < 1) return [];
  const running = state.items.filter(isRunning);
  const hidden = Math.max(0, state.items.length - (rows - 1));
  const items = hidden === 0 ? state.items : withoutOldest(state.items, hidden);
  let free = rows - 1 - items.length;
  const lines: ShownLine[] = [headLine(state, options)];
  for (const item of items) {
    lines.push(isStep(item) ? stepLine(item, options) : transferLine(item, options));
    if (!isStep(item) || item.end !== undefined) continue;
    // Those that run share what room there is.
    const share = Math.max(0, Math.min(free, Math.ceil((rows - 1 - items.length) / running.length)));
    const output = share === 0 ? [] : item.output.slice(-share);
    free -= output.length;
    for (const text of output) lines.push({ text: clipped(` => => # ${text}`, options.columns), style: 'faint' });
  }
  return lines;
}

function isRunning(item: ShownStep | ShownTransfer): boolean {
  return isStep(item) ? item.end === undefined : item.ended === undefined;
}

/** What has ended goes before what goes on. */
function withoutOldest(items: BuildDisplayState['items'], count: number): BuildDisplayState['items'] {
  const order = [...items.filter((item) => !isRunning(item)), ...items.filter(isRunning)];
  const gone = new Set(order.slice(0, count));
  return items.filter((item) => !gone.has(item));
}

const WORD = { building: '', finished: ' FINISHED', failed: ' FAILED' } as const;

function headLine({ began, items }: BuildDisplayState, { now, columns, phase }: LineOptions): ShownLine {
  const steps = items.filter(isStep);
  const done = steps.filter(({ end }) => end?.how === 'done' || end?.how === 'cached').length;
  const text = `[+] Building ${secondsText((now - began) / 1000)} (${done}/${steps.length})${WORD[phase]}`;
  return { text: clipped(text, columns), style: 'plain' };
}

const LOOKS: Readonly<Record<StepEnd | 'running', { readonly mark: string; readonly style: LineStyle }>> = {
  running: { mark: '', style: 'plain' },
  done: { mark: '', style: 'done' },
  cached: { mark: 'CACHED ', style: 'done' },
  failed: { mark: 'ERROR ', style: 'failed' },
  canceled: { mark: 'CANCELED ', style: 'canceled' },
};

function stepLine({ name, began, end }: ShownStep, { now, columns }: LineOptions): ShownLine {
  const seconds = end?.seconds ?? (now - began) / 1000;
  const { mark, style } = LOOKS[end?.how ?? 'running'];
  return { text: twoSided(` => ${mark}${name}`, secondsText(seconds), columns), style };
}

function transferLine({ label, began, ended, done, total }: ShownTransfer, { now, columns }: LineOptions): ShownLine {
  const size = total === undefined || done === total ? bytesText(done) : `${bytesText(done)} / ${bytesText(total)}`;
  const seconds = ((ended ?? now) - began) / 1000;
  const style = ended === undefined ? 'plain' : 'done';
  return { text: twoSided(` => => ${label}`, `${size}  ${secondsText(seconds)}`, columns), style };
}

function secondsText(seconds: number): string {
  const shown = Math.max(0, seconds);
  if (shown < 600) return `${shown.toFixed(1)}s`;
  return `${Math.floor(shown / 60)}m${String(Math.floor(shown % 60)).padStart(2, '0')}s`;
}

/** The right side at the edge of the terminal; in a narrow one there is the left side alone. */
function twoSided(left: string, right: string, columns: number): string {
  if (columns < NARROW) return clipped(left, columns);
  const start = clipped(left, Math.max(10, columns - right.length - 1));
  const room = columns - cellsOf(start) - right.length;
  return room < 1 ? clipped(left, columns) : `${start}${' '.repeat(room)}${right}`;
}

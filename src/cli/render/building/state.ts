/** What a build's progress display knows: a value that events and the passing of time change. @module */
import { stripVTControlCharacters } from 'node:util';
import { printableName } from '../../../base/names.ts';
import type { BuildEvent, StepEnd } from '../../../builders/dockerfile/ports.ts';
import type { Progress } from '../../../ports/run.ts';

export interface ShownStep {
  readonly id: number;
  /** `[build 2/5] RUN make` */
  readonly name: string;
  /** Milliseconds, by the display's clock. */
  readonly began: number;
  /** Undefined while it goes on. */
  readonly end: { readonly how: StepEnd; readonly seconds: number } | undefined;
  /** The last lines of its output. */
  readonly output: readonly string[];
}

export interface ShownTransfer {
  readonly label: string;
  readonly began: number;
  /** Undefined while it goes on. */
  readonly ended: number | undefined;
  readonly done: number;
  readonly total: number | undefined;
}

export interface BuildDisplayState {
  readonly began: number;
  /** In the order in which they began. */
  readonly items: readonly (ShownStep | ShownTransfer)[];
}

/** Lines of output that are kept of a step: as many as are shown. */
export const OUTPUT_LINES = 6;

export function emptyDisplay(now: number): BuildDisplayState {
  return { began: now, items: [] };
}

export function isStep(item: ShownStep | ShownTransfer): item is ShownStep {
  return 'name' in item;
}

/** Warnings change nothing: they stand above, or behind the end. */
export function withEvent(state: BuildDisplayState, event: BuildEvent, now: number): BuildDisplayState {
  switch (event.kind) {
    case 'start': {
      const step: ShownStep = { id: event.id, name: oneLine(event.name), began: now, end: undefined, output: [] };
      return { ...state, items: [...state.items, step] };
    }
    case 'output':
      return changed(state, event.id, ({ output, ...step }) => {
        return { ...step, output: [...output, ...linesOf(event.line)].slice(-OUTPUT_LINES) };
      });
    case 'end':
      return changed(state, event.id, (step) => ({ ...step, end: { how: event.how, seconds: event.seconds } }));
    case 'warning':
      return state;
  }
}

function changed(state: BuildDisplayState, id: number, change: (step: ShownStep) => ShownStep): BuildDisplayState {
  const at = state.items.findLastIndex((item) => isStep(item) && item.id === id);
  const item = state.items[at];
  return item === undefined || !isStep(item) ? state : { ...state, items: state.items.with(at, change(item)) };
}

/** Transfers with their sizes; other progress has no place among steps. */
export function withProgress(state: BuildDisplayState, progress: Progress, now: number): BuildDisplayState {
  if (progress.type !== 'bytes') return state;
  const { done, total } = progress;
  const label = oneLine(progress.label);
  const ended = total !== undefined && done >= total ? now : undefined;
  const at = state.items.findLastIndex((item) => !isStep(item) && item.label === label && item.ended === undefined);
  const item = state.items[at];
  if (item === undefined || isStep(item)) {
    return { ...state, items: [...state.items, { label, began: now, ended, done, total }] };
  }
  return { ...state, items: state.items.with(at, { ...item, ended, done, total }) };
}

/** Everything has an end: transfers whose size nobody knew are done, and steps that go on are canceled. */
export function ended(state: BuildDisplayState, now: number): BuildDisplayState {
  const items = state.items.map((item) => {
    if (!isStep(item)) return item.ended === undefined ? { ...item, ended: now } : item;
    const seconds = (now - item.began) / 1000;
    return item.end === undefined ? { ...item, end: { how: 'canceled' as const, seconds } } : item;
  });
  return { ...state, items };
}

/** What a terminal would have in the line in the end: colours taken out, and what a carriage return went over. */
function linesOf(line: string): readonly string[] {
  const text = stripVTControlCharacters(line)
    .split('\r')
    .findLast((part) => part !== '');
  return text === undefined || text.trim() === '' ? [] : [oneLine(text)];
}

function oneLine(text: string): string {
  return printableName(stripVTControlCharacters(text).replace(/\s+/g, ' '));
}

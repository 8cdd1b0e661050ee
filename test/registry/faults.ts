/**
 * What registries and networks do wrong, by a schedule: which request meets which fault is drawn with a seed from what it
 * asks for and how often that was asked.
 * @module
 */
import { type FaultKind, type Reach, suffer } from './fault-kinds.ts';
import type { Handle, Question } from './http.ts';
import { chance, numberOf } from './schedule.ts';
import type { Wire } from './wire.ts';

export interface Schedule {
  readonly seed: number;
  readonly kinds: readonly FaultKind[];
  /** Of a request to meet a fault, as long as there are any left. */
  readonly rate: number;
  /** Faults in all. */
  readonly most: number;
}

export interface Faults {
  readonly around: (handle: Handle) => Handle;
  /** What was done wrong so far, in order: `reset of GET /v2/a/blobs/…`. */
  readonly done: { readonly kind: FaultKind; readonly request: string }[];
}

export function faults(schedule: Schedule, registry: () => Reach): Faults {
  const asked = new Map<string, number>();
  const done: { kind: FaultKind; request: string }[] = [];
  const draw = (question: Question) => {
    const request = `${question.method} ${withoutIds(question.url)}`;
    const times = asked.get(request) ?? 0;
    asked.set(request, times + 1);
    const luck = chance(numberOf(`${schedule.seed} ${times} ${request}`));
    luck.next(); // seeds that lie close together begin alike
    if (done.length >= schedule.most || luck.next() >= schedule.rate) return undefined;
    const kind = luck.pick(schedule.kinds.filter((one) => isPossible(one, question)));
    if (kind === undefined) return undefined;
    done.push({ kind, request });
    return { kind, luck };
  };
  const around = (handle: Handle): Handle => {
    return async (question) => {
      const fault = draw(question);
      return fault === undefined ? handle(question) : suffer(fault.kind, fault.luck, question, handle, registry());
    };
  };
  return { around, done };
}

/** One fault, of the n-th request alone, counted from 0: its answer goes over this wire. */
export function oneFault(nth: number, wire: Wire): Faults {
  const done: { kind: FaultKind; request: string }[] = [];
  let count = 0;
  const around = (handle: Handle): Handle => {
    return async (question) => {
      const isIt = count++ === nth;
      if (isIt) done.push({ kind: 'reset', request: `${question.method} ${withoutIds(question.url)}` });
      return isIt ? { ...(await handle(question)), wire } : handle(question);
    };
  };
  return { around, done };
}

function withoutIds({ pathname }: URL): string {
  return pathname.replace(/uploads\/.+$/, 'uploads/ID');
}

function isPossible(kind: FaultKind, { method, url, headers }: Question): boolean {
  const isSession = /\/uploads\/./.test(url.pathname);
  switch (kind) {
    case 'cut-request':
      return Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;
    case 'lose-session':
    case 'lose-bytes':
    case 'status-lies':
      return isSession;
    case 'out-of-order':
    case 'duplicate':
      return isSession && method === 'PATCH';
    case 'no-location':
      return url.pathname.includes('/uploads/') && method !== 'DELETE';
    case 'range-lies':
      return headers.range !== undefined;
    case 'truncate':
    case 'corrupt':
    case 'endless':
    case 'garbage':
      return method === 'GET' && !isSession;
    default:
      return true;
  }
}

/** What a closure has found so far. Everything is put in here in one fixed order, whatever the order of reading was. @module */
import type { FileNode } from '../../model/node.ts';
import type { Requirement, Strength, Use } from '../rule.ts';
import { STRENGTHS } from '../strength.ts';
import type { Account, Closure, Kept, Load, Made, NotTaken, Reason, Unmet } from './types.ts';
import type { MadeThing, Place } from './wants.ts';

/** A regular file that rules are still to be asked about. */
export interface Work {
  readonly path: string;
  readonly node: FileNode;
  readonly use: Use;
  /** The program in whose process it is used; of a program, itself. */
  readonly process: string;
  /** The rules have been asked about this use of it, in another process. */
  readonly again: boolean;
  strength: Strength;
}

type Growing<T extends { reasons: readonly Reason[]; strength: Strength }> = Omit<T, 'reasons' | 'strength' | 'use'> & {
  reasons: Reason[];
  strength: Strength;
};

export interface State {
  keep(place: Place, strength: Strength, reason: Reason, process: string | undefined): void;
  make(thing: MadeThing, strength: Strength, reason: Reason): void;
  account(kind: 'user' | 'group', name: string, strength: Strength, reason: Reason): void;
  unmet(requirement: Requirement, strength: Strength, reason: Reason, tried: readonly string[]): void;
  notTaken(one: NotTaken): void;
  load(one: Load): void;
  /** Files at least that strong that rules have not been asked about; each is given once. */
  take(strength: Strength): Work[];
  done(): Closure;
}

const USES = ['data', 'module', 'program'] as const satisfies readonly Use[];

export function createState(): State {
  const kept = new Map<string, Growing<Kept> & { use: Use | undefined }>();
  const made = new Map<string, Growing<Made>>();
  const accounts = new Map<string, Growing<Account>>();
  const unmet = new Map<string, Unmet>();
  const notTaken = new Map<string, NotTaken>();
  const loads = new Map<string, Load>();
  const work = new Map<string, Work>();
  const asked = new Set<string>();

  const enqueue = ({ path, node, use }: Place, strength: Strength, process: string | undefined) => {
    if (node.kind !== 'file' || use === undefined) return;
    const owner = use === 'program' ? path : (process ?? path);
    const key = use === 'module' ? `${use}:${path}:${owner}` : `${use}:${path}`;
    const known = work.get(key);
    if (known !== undefined) {
      if (isStronger(strength, known.strength)) known.strength = strength;
      return;
    }
    if (asked.has(key)) return;
    asked.add(key);
    const first = `${use}:${path}`;
    const again = asked.has(first) && key !== first;
    asked.add(first);
    work.set(key, { path, node, use, process: owner, again, strength });
  };

  return {
    keep: (place, strength, reason, process) => {
      const known = kept.get(place.path);
      const { path, node, use } = place;
      if (known !== undefined) known.use = larger(known.use, use);
      add(kept, path, { path, node, strength, reasons: [reason], use });
      enqueue(place, strength, process);
    },
    make: (thing, strength, reason) => add(made, thing.path, { ...thing, strength, reasons: [reason] }),
    account: (kind, name, strength, reason) =>
      add(accounts, `${kind}:${name}`, { kind, name, strength, reasons: [reason] }),
    unmet: (requirement, strength, reason, tried) => {
      const key = JSON.stringify([reason.rule, reason.from, reason.because, requirement.want, requirement.unmet]);
      if (!unmet.has(key)) unmet.set(key, { requirement, reason, strength, tried });
    },
    notTaken: (one) => {
      const key = `${one.why}:${one.path}`;
      if (!notTaken.has(key)) notTaken.set(key, one);
    },
    load: (one) => loads.set(`${one.path}\0${one.program}`, one),
    take: (strength) => {
      const ready = [...work].filter(([, one]) => !isStronger(strength, one.strength));
      for (const [key] of ready) work.delete(key);
      return ready.map(([, one]) => one);
    },
    done: () => ({
      kept: sorted(kept),
      made: sorted(made),
      accounts: [...sorted(accounts).values()],
      unmet: [...unmet.values()],
      notTaken: [...notTaken.values()].filter(({ path }) => !kept.has(path)).sort(byPath),
      loads: [...loads.values()],
    }),
  };
}

/** A reason that makes the chain stronger than it was comes first. */
function add<T extends { strength: Strength; reasons: Reason[] }>(to: Map<string, T>, key: string, one: T): void {
  const known = to.get(key);
  if (known === undefined) to.set(key, one);
  else if (isStronger(one.strength, known.strength)) {
    known.strength = one.strength;
    known.reasons = [...one.reasons, ...known.reasons];
  } else known.reasons.push(...one.reasons.filter((reason) => !known.reasons.some((other) => isSame(reason, other))));
}

function isSame(a: Reason, b: Reason): boolean {
  return a.rule === b.rule && a.from === b.from && a.because === b.because && a.as === b.as;
}

function isStronger(a: Strength, b: Strength): boolean {
  return STRENGTHS.indexOf(a) < STRENGTHS.indexOf(b);
}

function larger(a: Use | undefined, b: Use | undefined): Use | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return USES.indexOf(a) >= USES.indexOf(b) ? a : b;
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function sorted<V>(map: Map<string, V>): Map<string, V> {
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

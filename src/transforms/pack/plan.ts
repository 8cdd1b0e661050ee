/** Which entry goes where: from what the closure keeps to paths of the image. Pure. @module */
import { ancestors, isWithin } from '../../base/path.ts';
import type { Closure, Kept, Made, Reason } from '../../rules/closure/types.ts';
import type { Named } from './seeds.ts';
import type { Placed } from './types.ts';

export interface Plan {
  /** Sorted by path; no directories but those that were asked for by themselves. */
  readonly placed: readonly Placed[];
  /** Files and directories that pare makes. */
  readonly made: readonly Made[];
}

/** @param originOf path in the source of what comes from there; undefined for what the base has */
export function planPack(
  closure: Closure,
  named: readonly Named[],
  originOf: (path: string) => string | undefined,
): Plan {
  const moves = named.filter((one): one is Named & { to: string } => one.to !== undefined);
  const moved = new Set(moves.map(({ path }) => path));
  const commands = new Set([...closure.made.values()].filter(isCommandLink).map(({ path }) => path));
  const made = new Set([...closure.made.keys()].filter((path) => !commands.has(path)));
  const placed = new Map<string, Placed>();
  for (const kept of closure.kept.values()) {
    const origin = originOf(kept.path);
    if (origin === undefined) continue;
    for (const path of placesOf(kept, moves, moved)) {
      if (made.has(path) && !isBrought(kept, path, named)) continue;
      placed.set(path, { path, origin, kept, node: kept.node });
    }
  }
  return {
    placed: [...placed.values()].sort(byPath),
    made: [...closure.made.values()].filter(({ path }) => !placed.has(path)),
  };
}

/** Whether the user brings this file himself: then pare makes none in its place. */
function isBrought({ path: origin }: Kept, path: string, named: readonly Named[]): boolean {
  return path !== origin || named.some(({ to, physical }) => to === undefined && isWithin(origin, physical));
}

/** A real program of that name that something needs is better than the one that a small shell brings. */
function isCommandLink({ node, reasons }: Made): boolean {
  return node.kind === 'symlink' && reasons.every(({ rule }) => rule === 'shell');
}

/** Directories above entries of the plan, with the source's path of each, parents first. */
export function parentsOf(plan: Plan): string[] {
  const above = new Set<string>();
  for (const { path } of [...plan.placed, ...plan.made]) for (const dir of ancestors(path)) above.add(dir);
  return [...above].sort();
}

function placesOf(kept: Kept, moves: readonly (Named & { to: string })[], moved: ReadonlySet<string>): string[] {
  const own = moves.filter(({ physical }) => isWithin(kept.path, physical));
  const paths = own.map(({ physical, to }) => to + kept.path.slice(physical === '/' ? 0 : physical.length));
  const stays = kept.reasons.some((reason) => holdsInPlace(reason, own, moved));
  return stays ? [kept.path, ...paths] : paths;
}

/**
 * Whether the reason asks for the file where it is. The user's wish does not, where it says another place; nor does a link
 * on the way to what is moved; nor a library's place beside the program that moves along with it.
 */
function holdsInPlace(reason: Reason, own: readonly Named[], moved: ReadonlySet<string>): boolean {
  const { from } = reason;
  if (from !== undefined) return reason.rule !== 'loader' || !own.some(({ physical }) => isWithin(from, physical));
  const asked = reason.as;
  if (asked !== undefined && moved.has(asked)) return false;
  return own.length === 0 || !own.some(({ because }) => because === reason.because);
}

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

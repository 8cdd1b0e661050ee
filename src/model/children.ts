/**
 * The children of a directory: names sorted by code unit, and a parallel list of what they name. Directories of trees and of
 * changesets are kept so, since it takes the least memory and makes merging two a single pass.
 * @module
 */
import type { Dir, DirInfo, Node } from './node.ts';

const NO_CHILDREN: Pick<Dir, 'names' | 'nodes'> = { names: [], nodes: [] };

/** The child of that name, by binary search. */
export function childOf(dir: Dir, name: string): Node | undefined {
  const index = indexOfName(dir.names, name);
  return index < 0 ? undefined : dir.nodes[index];
}

/** Where the name is in a sorted list, or `-1 - i` where it would be inserted at `i`. */
export function indexOfName(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const at = names[middle] as string;
    if (at === name) return middle;
    if (at < name) low = middle + 1;
    else high = middle - 1;
  }
  return -1 - low;
}

/**
 * A directory with what `base` has in it, and in those `names` what `nodes` says: this node, or nothing where it is undefined.
 * @param base a directory, or undefined for an empty one
 * @param names sorted by code unit, parallel to `nodes`
 */
export function withChildren(
  base: Dir | undefined,
  info: DirInfo,
  names: readonly string[],
  nodes: readonly (Node | undefined)[],
): Dir {
  const { meta, mtime, mtimeNs } = info;
  const below = base ?? NO_CHILDREN;
  const children = overlaid(below.names, below.nodes, names, nodes);
  return { kind: 'dir', meta, mtime, mtimeNs, names: children.names, nodes: children.values };
}

/**
 * Two sorted lists of names, each with a parallel list of values, as one: the upper's value stands where both have a name, and
 * a name whose upper value is undefined goes. Lists are shared with the arguments where they need no change.
 */
export function overlaid<T>(
  lowerNames: readonly string[],
  lowerValues: readonly T[],
  upperNames: readonly string[],
  upperValues: readonly (T | undefined)[],
): { names: readonly string[]; values: readonly T[] } {
  if (upperNames.length === 0) return { names: lowerNames, values: lowerValues };
  if (lowerNames.length === 0 && isFull(upperValues)) return { names: upperNames, values: upperValues };
  const names: string[] = [];
  const values: T[] = [];
  const take = (name: string, value: T | undefined) => {
    if (value === undefined) return;
    names.push(name);
    values.push(value);
  };
  let lower = 0;
  for (let upper = 0; upper < upperNames.length; upper++) {
    const name = upperNames[upper] as string;
    for (; lower < lowerNames.length && (lowerNames[lower] as string) < name; lower++) {
      take(lowerNames[lower] as string, lowerValues[lower]);
    }
    if (lowerNames[lower] === name) lower++;
    take(name, upperValues[upper]);
  }
  for (; lower < lowerNames.length; lower++) take(lowerNames[lower] as string, lowerValues[lower]);
  // Growing leaves room behind the last element: give it back.
  return { names: names.slice(), values: values.slice() };
}

function isFull<T>(values: readonly (T | undefined)[]): values is readonly T[] {
  return !values.includes(undefined);
}

export interface Pair {
  readonly name: string;
  readonly a: Node | undefined;
  readonly b: Node | undefined;
}

/** The children of two directories, by name; a node that is no directory has none. */
export function pairedChildren(a: Node | undefined, b: Node | undefined): Pair[] {
  const left = a?.kind === 'dir' ? a : NO_CHILDREN;
  const right = b?.kind === 'dir' ? b : NO_CHILDREN;
  const out: Pair[] = [];
  let i = 0;
  let j = 0;
  while (i < left.names.length || j < right.names.length) {
    const name = lesser(left.names[i], right.names[j]);
    out.push({
      name,
      a: left.names[i] === name ? left.nodes[i++] : undefined,
      b: right.names[j] === name ? right.nodes[j++] : undefined,
    });
  }
  return out;
}

/** The lesser by code unit; one of them is there. */
function lesser(a: string | undefined, b: string | undefined): string {
  return a === undefined || (b !== undefined && b < a) ? (b as string) : a;
}

/** The keys by code unit. They mostly come so, and then are not sorted again. */
export function sortedKeys(map: ReadonlyMap<string, unknown>): string[] {
  const names = new Array<string>(map.size);
  let sorted = true;
  let at = 0;
  for (const name of map.keys()) {
    if (at > 0 && (names[at - 1] as string) > name) sorted = false;
    names[at++] = name;
  }
  return sorted ? names : names.sort();
}

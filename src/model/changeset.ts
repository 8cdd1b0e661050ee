/**
 * What one layer does to a tree (image-spec layer.md, "Change Types"), as a value. A Changeset is *anchored*: the
 * symbolic links in its entries' parents have been followed in the tree it was made for, so that apply and compose never
 * look at links. `anchor.ts` makes one from a layer's entries; `docs/laws.md` states what holds of it.
 * @module
 */
import { splitPath } from '../base/path.ts';
import { type Recursion, runRecursion } from '../base/recursion.ts';
import { indexOfName, sortedKeys } from './children.ts';
import type { DirInfo, Leaf } from './node.ts';

export interface Changeset {
  readonly root: DirChange;
}

/**
 * - a {@link Leaf}: stands here afterwards, whatever stood here before;
 * - `dir-change`: a directory stands here afterwards, see {@link DirChange};
 * - `whiteout`: nothing stands here afterwards;
 * - `hardlink`: another name of the inode at `target` in the tree *below* (a link within one layer is two leaves that
 *   share a token).
 */
export type Change = Leaf | DirChange | Whiteout | HardlinkBelow;

export interface DirChange {
  readonly kind: 'dir-change';
  /**
   * The directory's metadata afterwards. Absent when the layer does not describe it: then an existing directory keeps
   * its own, and a new one gets root's, 0755, epoch.
   */
  readonly info: DirInfo | undefined;
  /** Whether everything that was below is hidden: `.wh..wh..opq`, or a whiteout and a new directory in one layer. */
  readonly opaque: boolean;
  /** Sorted by code unit, parallel to `changes`. */
  readonly names: readonly string[];
  readonly changes: readonly Change[];
}

export interface Whiteout {
  readonly kind: 'whiteout';
}

export interface HardlinkBelow {
  readonly kind: 'hardlink';
  /** Clean physical path, in the tree below, of something that is no directory. */
  readonly target: string;
}

export const WHITEOUT: Whiteout = { kind: 'whiteout' };

/** The identity of compose: changes nothing. */
export const EMPTY_CHANGESET: Changeset = {
  root: { kind: 'dir-change', info: undefined, opaque: false, names: [], changes: [] },
};

/** A path and what becomes of it. */
export interface ChangeEntry {
  readonly path: string;
  readonly change: Change;
}

/**
 * Every change, the root's included, parents before children, siblings by name. Directories that only lead to changes come
 * too: they have neither metadata nor are they opaque.
 */
export function* walkChanges(changeset: Changeset): Generator<ChangeEntry> {
  const root: ChangeEntry = { path: '/', change: changeset.root };
  yield root;
  const open = [{ dir: changeset.root, prefix: '/', next: 0 }];
  for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
    const change = at.dir.changes[at.next];
    if (change === undefined) {
      open.pop();
      continue;
    }
    const path = at.prefix + at.dir.names[at.next++];
    yield { path, change };
    if (change.kind === 'dir-change') open.push({ dir: change, prefix: `${path}/`, next: 0 });
  }
}

/** The links to what is below, in no particular order. */
export function* hardlinksIn(changeset: Changeset): Generator<HardlinkBelow> {
  const open = [changeset.root];
  for (let dir = open.pop(); dir !== undefined; dir = open.pop()) {
    for (const change of dir.changes) {
      if (change.kind === 'dir-change') open.push(change);
      else if (change.kind === 'hardlink') yield change;
    }
  }
}

/** The change of that name, if there is one. */
export function changeIn(dir: DirChange, name: string): Change | undefined {
  const index = indexOfName(dir.names, name);
  return index < 0 ? undefined : dir.changes[index];
}

/**
 * What a changeset leaves at a path: the change there; `below` where it changes nothing, so that whatever the tree below has
 * there stays; `hidden` where a change above takes away whatever was below.
 */
export function changeAt(changeset: Changeset, path: string): Change | 'below' | 'hidden' {
  let at: Change = changeset.root;
  let opaque = false;
  for (const name of splitPath(path)) {
    if (at.kind !== 'dir-change') return 'hidden';
    opaque ||= at.opaque;
    const change = changeIn(at, name);
    if (change === undefined) return opaque ? 'hidden' : 'below';
    at = change;
  }
  return at;
}

/** A changeset of leaves alone, by path: the directories that lead to them are left as they are. */
export function changesetOf(leaves: Iterable<readonly [path: string, leaf: Leaf]>): Changeset {
  type Draft = Map<string, Draft | Leaf>;
  const root: Draft = new Map();
  for (const [path, leaf] of leaves) {
    const names = splitPath(path);
    let at = root;
    for (const name of names.slice(0, -1)) {
      const inner = at.get(name);
      const next: Draft = inner instanceof Map ? inner : new Map();
      if (next !== inner) at.set(name, next);
      at = next;
    }
    at.set(names.at(-1) as string, leaf);
  }
  function* seal(draft: Draft): Recursion<DirChange> {
    const names = sortedKeys(draft);
    const changes: Change[] = [];
    for (const name of names) {
      const inner = draft.get(name) as Draft | Leaf;
      changes.push(inner instanceof Map ? yield seal(inner) : inner);
    }
    return { kind: 'dir-change', info: undefined, opaque: false, names, changes };
  }
  return { root: runRecursion(seal(root)) };
}

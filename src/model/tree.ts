/**
 * A root filesystem as a value: an immutable tree of nodes that cannot hold whiteouts.
 * @module
 */
import { splitPath } from '../base/path.ts';
import { childOf } from './children.ts';
import { DIR_META, type Dir, type DirInfo, type Leaf, type Node } from './node.ts';

export interface Tree {
  readonly root: Dir;
}

/** A path of a tree and what is there. Paths are clean and absolute (`base/path.ts`). */
export interface Entry<N extends Node = Node> {
  readonly path: string;
  readonly node: N;
}

/** The identity of apply: a root directory with nothing in it. */
export const EMPTY_DIR: Dir = { kind: 'dir', meta: DIR_META, mtime: 0, mtimeNs: 0, names: [], nodes: [] };
export const EMPTY_TREE: Tree = { root: EMPTY_DIR };

/** What stands at exactly this path. No symbolic link is followed: see `resolve.ts` for what a program would see. */
export function nodeAt(tree: Tree, path: string): Node | undefined {
  let node: Node = tree.root;
  for (const name of splitPath(path)) {
    if (node.kind !== 'dir') return undefined;
    const child = childOf(node, name);
    if (child === undefined) return undefined;
    node = child;
  }
  return node;
}

/**
 * Every entry, the root included, parents before children, siblings by name: the order in which layers are written.
 * Iterative, so that depth is bounded by memory only.
 * @param from a clean path; where nothing stands there, nothing is yielded
 */
export function* walk(tree: Tree, from = '/'): Generator<Entry> {
  const start = nodeAt(tree, from);
  if (start === undefined) return;
  yield { path: from, node: start };
  if (start.kind !== 'dir') return;
  const open = [{ dir: start, prefix: from === '/' ? '/' : `${from}/`, next: 0 }];
  for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
    const node = at.dir.nodes[at.next];
    if (node === undefined) {
      open.pop();
      continue;
    }
    const path = at.prefix + at.dir.names[at.next++];
    yield { path, node };
    if (node.kind === 'dir') open.push({ dir: node, prefix: `${path}/`, next: 0 });
  }
}

/** Number of entries, the root not counted. */
export function countEntries(tree: Tree): number {
  let count = -1;
  for (const _ of walk(tree)) count++;
  return count;
}

/** Number of entries that are no directories. */
export function countFiles(tree: Tree): number {
  let count = 0;
  for (const { node } of walk(tree)) if (node.kind !== 'dir') count++;
  return count;
}

/** Sum of the sizes of regular files in bytes, a hard-linked one once: "unpacked" size. */
export function unpackedSize(tree: Tree): number {
  const seen = new Set<unknown>();
  let sum = 0;
  for (const { node } of walk(tree)) {
    if (node.kind !== 'file') continue;
    if (node.link !== undefined) {
      if (seen.has(node.link)) continue;
      seen.add(node.link);
    }
    sum += node.content.size;
  }
  return sum;
}

/** A directory's metadata without its children. */
export function infoOf(dir: DirInfo): DirInfo {
  return { kind: 'dir', meta: dir.meta, mtime: dir.mtime, mtimeNs: dir.mtimeNs };
}

export type { Dir, Leaf, Node };

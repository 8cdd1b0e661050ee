/**
 * A root filesystem as a value: an immutable tree of nodes that cannot hold whiteouts.
 * @module
 */
import { splitPath } from '../base/path.ts';
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
 */
export function* walk(tree: Tree, from = '/'): Generator<Entry> {
  const start = nodeAt(tree, from);
  if (start === undefined) return;
  const stack: Entry[] = [{ path: from, node: start }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    yield top;
    if (top.node.kind !== 'dir') continue;
    const prefix = top.path === '/' ? '/' : `${top.path}/`;
    const { names, nodes } = top.node;
    for (let i = names.length - 1; i >= 0; i--) {
      stack.push({ path: prefix + names[i], node: nodes[i] as Node });
    }
  }
}

/** Number of entries, the root not counted. */
export function countEntries(tree: Tree): number {
  let count = -1;
  for (const _ of walk(tree)) count++;
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

/**
 * Hard links between two trees: which inode of the first is which inode of the second, so that a file that only gains or
 * loses names is not written again.
 * @module
 */
import type { Change } from './changeset.ts';
import { pairedChildren } from './children.ts';
import { type Leaf, type LinkToken, type Node, sameLeaf, withLink } from './node.ts';
import { nodeAt, type Tree, walk } from './tree.ts';

/** An inode: its token, or the only path it has. */
type Inode = LinkToken | string;

/** An inode of the second tree. */
interface Group {
  /** Names it has in the second tree. */
  size: number;
  /** Its names at which the first tree has an equal file, by that file's inode there. */
  readonly equal: Map<Inode, Set<string>>;
  /** Those of its names that stay, since they are one inode of the first tree that it goes on being. */
  kept: ReadonlySet<string>;
  /** For its names when it is written anew. */
  readonly link: LinkToken;
}

/**
 * Says of a name of the second tree that is linked there, or was in the first, what its change is; undefined: it stays as it
 * is. An inode of the first tree goes on as at most one of the second: the one with its token, else the first that has it. An
 * inode of the second goes on from the one of the first that keeps most of its names.
 */
export function matchInodes(before: Tree, after: Tree): (leaf: Leaf, path: string) => Change | undefined {
  if (!touchesLinks(before, after)) return (leaf) => leaf;
  const groups = groupsOf(before, after);
  settle(groups);
  return (leaf, path) => {
    const group = groups.get(leaf.link ?? path);
    if (group === undefined) return leaf;
    if (group.kept.has(path)) return undefined;
    const [target] = group.kept;
    if (target !== undefined) return { kind: 'hardlink', target };
    return withLink(leaf, group.size > 1 ? group.link : undefined);
  };
}

/** Whether any file has several names in a directory that is not the same in both: mostly none has. */
function touchesLinks(before: Tree, after: Tree): boolean {
  const open: (readonly [Node | undefined, Node | undefined])[] = [[before.root, after.root]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [a, b] = pair;
    if (isLinked(a) || isLinked(b)) return true;
    if (a === b || (a?.kind !== 'dir' && b?.kind !== 'dir')) continue;
    for (const { a: lower, b: upper } of pairedChildren(a, b)) open.push([lower, upper]);
  }
  return false;
}

function isLinked(node: Node | undefined): boolean {
  return node !== undefined && node.kind !== 'dir' && node.link !== undefined;
}

function groupsOf(before: Tree, after: Tree): Map<Inode, Group> {
  const linked = new Set(linkedPaths(before));
  const groups = new Map<Inode, Group>();
  for (const { path, node } of walk(after)) {
    if (node.kind === 'dir' || (node.link === undefined && !linked.has(path))) continue;
    const key = node.link ?? path;
    const group = groups.get(key) ?? { size: 0, equal: new Map(), kept: new Set(), link: { link: true } };
    groups.set(key, group);
    group.size++;
    const inode = inodeOfEqual(nodeAt(before, path), node, path);
    if (inode === undefined) continue;
    const names = group.equal.get(inode) ?? new Set();
    group.equal.set(inode, names.add(path));
  }
  return groups;
}

function* linkedPaths(tree: Tree): Generator<string> {
  for (const { path, node } of walk(tree)) if (node.kind !== 'dir' && node.link !== undefined) yield path;
}

/** The inode of a node of the first tree, if it is a file like the leaf. */
function inodeOfEqual(node: Node | undefined, leaf: Leaf, path: string): Inode | undefined {
  if (node === undefined || node.kind === 'dir' || !sameLeaf(node, leaf)) return undefined;
  return node.link ?? path;
}

/** Decides which inode of the first tree each group goes on being. */
function settle(groups: ReadonlyMap<Inode, Group>): void {
  const taken = new Set<Inode>();
  for (const [inode, group] of groups) {
    const names = group.equal.get(inode);
    if (names === undefined) continue;
    group.kept = names;
    taken.add(inode);
  }
  for (const group of groups.values()) {
    if (group.kept.size > 0) continue;
    const free = [...group.equal].filter(([inode]) => !taken.has(inode));
    const [best] = free.sort(([, a], [, b]) => b.size - a.size);
    if (best === undefined) continue;
    group.kept = best[1];
    taken.add(best[0]);
  }
}

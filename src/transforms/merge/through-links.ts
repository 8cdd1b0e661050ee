/**
 * A link to a directory in one image, a directory of that name in another: a merged /usr (`/lib` → `usr/lib`) beside one that is
 * not. Where it can be done, the directory's contents move to where the link leads, so that every image's files are found at the
 * paths they had.
 * @module
 */
import { ancestors, dirname, joinPath, splitPath } from '../../base/path.ts';
import { TreeEditor } from '../../model/editor.ts';
import { IMPLICIT_DIR, type SymlinkNode, sameLeaf, withLink } from '../../model/node.ts';
import { resolve } from '../../model/resolve.ts';
import { infoOf, type Leaf, type Node, nodeAt, type Tree, walk } from '../../model/tree.ts';
import { sharedPaths } from './together.ts';
import type { Present } from './types.ts';

/** Moving may bring new pairs together; a merged /usr takes one round. */
const MOST_ROUNDS = 8;
/** Of one round. Each costs a walk over what moves; more of them than this are no system's, and are left for the join to report. */
const MOST_PAIRS = 256;

/** Trees in which such directories have moved; those that cannot are left, for the join to report. */
export function throughLinks(trees: readonly Tree[]): readonly Tree[] {
  let current = trees;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const next = pairPaths(current).reduce(redirected, current);
    if (next === current) break;
    current = next;
  }
  return current;
}

function pairPaths(trees: readonly Tree[]): string[] {
  const paths: string[] = [];
  for (const { path, present } of sharedPaths(trees)) {
    if (isPair(present)) paths.push(path);
    if (paths.length === MOST_PAIRS) break;
  }
  return paths;
}

function isPair(present: readonly Present[]): boolean {
  return present.some(({ node }) => node.kind === 'dir') && present.some(({ node }) => node.kind === 'symlink');
}

/** The same trees where the directories at the path cannot move. */
function redirected(trees: readonly Tree[], path: string): readonly Tree[] {
  const nodes = trees.map((tree) => nodeAt(tree, path));
  const linking = nodes.findIndex((node) => node?.kind === 'symlink');
  const owner = trees[linking];
  const link = nodes[linking];
  if (owner === undefined || link?.kind !== 'symlink') return trees;
  const target = leadsTo(owner, path);
  if (target === undefined || target.startsWith(`${path}/`)) return trees;
  const agree = nodes.every((node, i) => {
    return (
      node === undefined ||
      node.kind === 'dir' ||
      (node.kind === 'symlink' && leadsTo(trees[i] as Tree, path) === target)
    );
  });
  if (!agree) return trees;
  const moved = trees.map((tree, i) =>
    nodes[i]?.kind === 'dir' ? moveDirectory(tree, path, { target, link, owner }) : tree,
  );
  return moved.every((tree) => tree !== undefined) ? moved : trees;
}

/** Physical path of the directory at the end of a link. */
function leadsTo(tree: Tree, path: string): string | undefined {
  const end = resolve(tree, path);
  return end.kind === 'found' && end.node.kind === 'dir' ? end.path : undefined;
}

interface Redirect {
  /** Where the link leads, a physical path. */
  readonly target: string;
  readonly link: SymlinkNode;
  /** The tree that has the link. */
  readonly owner: Tree;
}

/** Undefined where something stands in the way: the same name in both directories, with another thing under it. */
function moveDirectory(tree: Tree, path: string, { target, link, owner }: Redirect): Tree | undefined {
  const editor = new TreeEditor(tree);
  for (const dir of [...ancestors(target).slice(1), target]) {
    const there = editor.get(dir);
    const like = dir === target ? nodeAt(tree, path) : nodeAt(owner, dir);
    if (there === undefined) editor.putDir(dir, like?.kind === 'dir' ? infoOf(like) : IMPLICIT_DIR);
    else if (there.kind !== 'dir') return undefined;
  }
  for (const entry of walk(tree, path)) {
    if (entry.path === path) continue;
    const to = target + entry.path.slice(path.length);
    if (!put({ editor, tree, path }, entry.path, to, entry.node)) return undefined;
  }
  editor.put(path, withLink(link, undefined));
  return editor.done();
}

interface Move {
  readonly editor: TreeEditor;
  /** As it was before. */
  readonly tree: Tree;
  /** The directory that moves. */
  readonly path: string;
}

function put({ editor, tree, path }: Move, from: string, to: string, node: Node): boolean {
  const there = editor.get(to);
  if (node.kind === 'dir') {
    if (there === undefined) editor.putDir(to, infoOf(node));
    return there === undefined || there.kind === 'dir';
  }
  const leaf = adjusted(node, path, from, to);
  if (there === undefined || pointsAt(tree, to, from)) {
    editor.put(to, leaf);
    return true;
  }
  return pointsAt(tree, from, to) || (there.kind !== 'dir' && sameLeaf(there, leaf));
}

/** Whether a link stands there that leads to the other path: one of the two is there for the other's sake. */
function pointsAt(tree: Tree, link: string, path: string): boolean {
  if (nodeAt(tree, link)?.kind !== 'symlink') return false;
  const end = resolve(tree, link);
  return end.kind === 'found' && end.path === path;
}

/** A link whose text climbs out of the directory that moves leads to the same place from its new one. */
function adjusted(leaf: Leaf, moving: string, from: string, to: string): Leaf {
  if (leaf.kind !== 'symlink' || leaf.target.startsWith('/')) return leaf;
  const depth = splitPath(dirname(from)).length - splitPath(moving).length;
  const climbs = /^(?:\.{1,2}\/+)*(?:\.{1,2}$)?/.exec(leaf.target)?.[0] ?? '';
  const ups = climbs.split('/').filter((name) => name === '..').length;
  if (ups <= depth) return leaf;
  const base = joinPath(dirname(from), climbs === '' ? '.' : climbs);
  const rest = leaf.target.slice(climbs.length);
  const target = relative(dirname(to), base) + (rest === '' ? '' : `/${rest}`);
  return { ...(withLink(leaf, undefined) as SymlinkNode), target };
}

/** `/usr/lib/x` → `/usr/share`: `../../share`. */
function relative(from: string, to: string): string {
  const [a, b] = [splitPath(from), splitPath(to)];
  let common = 0;
  while (common < a.length && common < b.length && a[common] === b[common]) common++;
  const parts = [...a.slice(common).map(() => '..'), ...b.slice(common)];
  return parts.length === 0 ? '.' : parts.join('/');
}

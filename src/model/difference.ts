/**
 * Where two trees differ, path by path: what `pare diff` shows, and what equality of trees means.
 * @module
 */

import { type Pair, pairedChildren } from './children.ts';
import { type Content, sameReference } from './content.ts';
import { contentPieces } from './layer/content-pieces.ts';
import { type DeviceNode, type Dir, type LinkToken, type Node, sameXattrs } from './node.ts';
import { type Tree, walk } from './tree.ts';

/**
 * What can differ at a path. `links`: the path is a hard link of other paths than before (the first of them in order of walk
 * has changed). `content` also stands for another size.
 */
export type Aspect = 'kind' | 'mode' | 'owner' | 'mtime' | 'xattrs' | 'content' | 'target' | 'device' | 'links';

export interface Difference {
  readonly path: string;
  /** Undefined: the path is new. */
  readonly before: Node | undefined;
  /** Undefined: the path is gone. */
  readonly after: Node | undefined;
  /** In the order of {@link Aspect}; empty where the path is new or gone. */
  readonly aspects: readonly Aspect[];
}

/**
 * Every path that differs, in order of walk. Contents are compared as references: `content` says that bytes may differ. See
 * {@link differencesInBytes}.
 */
export function* differences(before: Tree, after: Tree): Generator<Difference> {
  const firstBefore = firstNames(before);
  const firstAfter = firstNames(after);
  for (const { path, a, b } of pairs(before.root, after.root)) {
    if (a === undefined || b === undefined) {
      yield { path, before: a, after: b, aspects: [] };
      continue;
    }
    const aspects = aspectsOf(a, b);
    if (firstBefore(a, path) !== firstAfter(b, path)) aspects.push('links');
    if (aspects.length > 0) yield { path, before: a, after: b, aspects };
  }
}

/** The same, with contents compared byte by byte where their references differ and their sizes do not. */
export async function* differencesInBytes(before: Tree, after: Tree): AsyncGenerator<Difference> {
  for (const found of differences(before, after)) {
    const { before: a, after: b } = found;
    const compare = a?.kind === 'file' && b?.kind === 'file' && found.aspects.includes('content');
    const aspects =
      compare && (await sameBytes(a.content, b.content))
        ? found.aspects.filter((aspect) => aspect !== 'content')
        : found.aspects;
    if (a === undefined || b === undefined || aspects.length > 0) yield { ...found, aspects };
  }
}

/** Whether the trees are the same value: every path, every attribute, the same hard links, contents by reference. */
export function sameTree(a: Tree, b: Tree): boolean {
  return a.root === b.root || differences(a, b).next().done === true;
}

/** Whether the trees are the same, with contents compared byte by byte. */
export async function sameTreeInBytes(a: Tree, b: Tree): Promise<boolean> {
  for await (const _ of differencesInBytes(a, b)) return false;
  return true;
}

/** Every path of either directory's inside, in order of walk, and what stands there; the top itself first. */
function* pairs(a: Dir, b: Dir): Generator<{ path: string; a: Node | undefined; b: Node | undefined }> {
  const open: { path: string; a: Node | undefined; b: Node | undefined }[] = [{ path: '/', a, b }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    yield at;
    const prefix = at.path === '/' ? '/' : `${at.path}/`;
    const inner = pairedChildren(at.a, at.b);
    for (let i = inner.length - 1; i >= 0; i--) {
      const { name, ...nodes } = inner[i] as Pair;
      open.push({ path: prefix + name, ...nodes });
    }
  }
}

/** What is compared without looking at other paths. */
const ASPECTS: readonly (readonly [Aspect, (a: Node, b: Node) => boolean])[] = [
  ['kind', (a, b) => a.kind !== b.kind],
  ['mode', (a, b) => a.meta.mode !== b.meta.mode],
  ['owner', (a, b) => a.meta.uid !== b.meta.uid || a.meta.gid !== b.meta.gid],
  ['mtime', (a, b) => a.mtime !== b.mtime || a.mtimeNs !== b.mtimeNs],
  ['xattrs', (a, b) => !sameXattrs(a.meta.xattrs, b.meta.xattrs)],
  ['content', (a, b) => a.kind === 'file' && b.kind === 'file' && !sameReference(a.content, b.content)],
  ['target', (a, b) => a.kind === 'symlink' && b.kind === 'symlink' && a.target !== b.target],
  ['device', (a, b) => isDevice(a) && isDevice(b) && (a.major !== b.major || a.minor !== b.minor)],
];

function aspectsOf(a: Node, b: Node): Aspect[] {
  return a === b ? [] : ASPECTS.filter(([, differs]) => differs(a, b)).map(([aspect]) => aspect);
}

function isDevice(node: Node): node is DeviceNode {
  return node.kind === 'char' || node.kind === 'block';
}

/**
 * The first name, in order of walk, of the inode that a node is. Two trees have the same hard links where these agree at every
 * path. A token that one path alone bears links nothing.
 */
function firstNames(tree: Tree): (node: Node, path: string) => string {
  const first = new Map<LinkToken, string>();
  for (const { path, node } of walk(tree)) {
    if (node.kind !== 'dir' && node.link !== undefined && !first.has(node.link)) first.set(node.link, path);
  }
  return (node, path) => (node.kind === 'dir' || node.link === undefined ? path : (first.get(node.link) ?? path));
}

/** Whether two contents hold the same bytes; both are read where their sizes agree. */
export async function sameBytes(a: Content, b: Content): Promise<boolean> {
  if (a.size !== b.size) return false;
  const right = contentPieces(b);
  let rest: Uint8Array = new Uint8Array();
  try {
    for await (let piece of contentPieces(a)) {
      while (piece.length > 0) {
        if (rest.length === 0) rest = (await right.next()).value ?? new Uint8Array();
        const length = Math.min(piece.length, rest.length);
        if (length === 0 || Buffer.compare(piece.subarray(0, length), rest.subarray(0, length)) !== 0) return false;
        piece = piece.subarray(length);
        rest = rest.subarray(length);
      }
    }
    return true;
  } finally {
    await right.return(undefined);
  }
}

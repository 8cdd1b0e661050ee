/**
 * Several trees as one, path by path: directories are joined, what is the same in all that have it stands once, databases are
 * joined by their joiners, and everything else that differs is a conflict. Pure.
 * @module
 */
import { decodeName, encodeName, printableName } from '../../base/names.ts';
import { type Recursion, runRecursion } from '../../base/recursion.ts';
import { bytesContent, type Content } from '../../model/content.ts';
import { type DirInfo, type FileNode, type Leaf, sameInfo, sameXattrs, withLink } from '../../model/node.ts';
import { type Dir, infoOf, type Node, type Tree } from '../../model/tree.ts';
import { isCopy, joinerFor, unjoinable } from './joiners/table.ts';
import type { Joiner } from './joiners/types.ts';
import { areOne, childrenOf } from './together.ts';
import { type Choose, type Conflict, type ConflictKind, type Present, sidesOf } from './types.ts';

export interface JoinFacts {
  /** Whether two files hold the same bytes. */
  same(a: Content, b: Content): boolean;
  /** Of a file for which there is a joiner, where several images have another one. */
  bytes(content: Content): Uint8Array;
}

export interface Joined {
  readonly tree: Tree;
  readonly conflicts: readonly Conflict[];
}

export function joinTrees(trees: readonly Tree[], facts: JoinFacts, choose: Choose): Joined {
  const joining = new Joining(facts, choose);
  const roots = trees.map((tree, image) => ({ image, node: tree.root }));
  const root = runRecursion(joinDir('/', roots, joining));
  return { tree: { root }, conflicts: joining.conflicts };
}

function* joinDir(path: string, dirs: readonly Present<Dir>[], joining: Joining): Recursion<Dir> {
  const [first] = dirs as [Present<Dir>];
  if (areOne(dirs)) return first.node;
  const names: string[] = [];
  const nodes: Node[] = [];
  for (const [name, present] of childrenOf(dirs)) {
    const at = path === '/' ? `/${name}` : `${path}/${name}`;
    const chosen = joining.oneKind(at, present);
    names.push(name);
    nodes.push(areDirs(chosen) ? yield joinDir(at, chosen, joining) : joining.leaf(at, chosen as Present<Leaf>[]));
  }
  return { ...joining.info(path, dirs), names, nodes };
}

function areDirs(present: readonly Present[]): present is readonly Present<Dir>[] {
  return present[0]?.node.kind === 'dir';
}

class Joining {
  readonly conflicts: Conflict[] = [];
  readonly #facts: JoinFacts;
  readonly #choose: Choose;

  constructor(facts: JoinFacts, choose: Choose) {
    this.#facts = facts;
    this.#choose = choose;
  }

  /** Where some have a directory and others have something else: the directories, or the one leaf that counts. */
  oneKind(path: string, present: readonly Present[]): readonly Present[] {
    const isDir = ({ node }: Present) => node.kind === 'dir';
    if (present.every(isDir) || !present.some(isDir)) return present;
    const chosen = this.#settle(path, present, ['kind']);
    return isDir(chosen) ? present.filter(isDir) : [chosen];
  }

  /** Times are no conflict: the newest counts, whatever the order of the images. */
  info(path: string, dirs: readonly Present<Dir>[]): DirInfo {
    const what = differing(dirs, (a, b) => metaKinds(a, b));
    const { node } = what.length === 0 ? (dirs[0] as Present<Dir>) : this.#settle(path, dirs, what);
    const newest = dirs.map((one) => one.node).reduce((a, b) => (isNewer(b, a) ? b : a));
    return { ...infoOf(node), mtime: newest.mtime, mtimeNs: newest.mtimeNs };
  }

  /** Where all agree in everything but times: the first image's, or one that has further names with it. */
  leaf(path: string, present: readonly Present<Leaf>[]): Leaf {
    const [first] = present as [Present<Leaf>];
    if (present.length === 1 || areOne(present)) return first.node;
    const what = differing(present, (a, b) => this.#leafKinds(a, b));
    if (what.length === 0) return linkedOf(present).node;
    if (isCopy(path)) return (this.#preferred(path, present) ?? first).node;
    const joiner = joinerFor(path);
    if (joiner === undefined || !areFiles(present)) return this.#settle(path, present, what, unjoinable(path)).node;
    const rest = what.filter((kind) => kind !== 'content');
    const { node } = rest.length === 0 ? first : this.#settle(path, present, rest);
    return what.includes('content') ? this.#join({ path, joiner }, present, node as FileNode) : node;
  }

  #join(
    { path, joiner }: { readonly path: string; readonly joiner: Joiner },
    files: readonly Present<FileNode>[],
    node: FileNode,
  ): FileNode {
    const texts = files.map(({ image, node: { content } }) => ({
      image,
      text: decodeName(this.#facts.bytes(content)),
    }));
    const { text, conflicts } = joiner(texts, (images) => this.#choose(path, images));
    this.conflicts.push(...conflicts.map((conflict) => ({ where: path, ...conflict })));
    const newest = files.map((one) => one.node).reduce((a, b) => (isNewer(b, a) ? b : a));
    const { mtime, mtimeNs } = newest;
    return { ...(withLink(node, undefined) as FileNode), content: bytesContent(encodeName(text)), mtime, mtimeNs };
  }

  #leafKinds(a: Leaf, b: Leaf): ConflictKind[] {
    if (a === b) return [];
    if (a.kind !== b.kind) return ['kind'];
    const kinds = metaKinds(a, b).filter((kind) => kind !== 'mode' || a.kind !== 'symlink');
    if (a.kind === 'file' && b.kind === 'file' && !this.#facts.same(a.content, b.content)) kinds.push('content');
    if (a.kind === 'symlink' && b.kind === 'symlink' && a.target !== b.target) kinds.push('target');
    if ('major' in a && 'major' in b && (a.major !== b.major || a.minor !== b.minor)) kinds.push('device');
    return kinds;
  }

  /** The image that is preferred; where none is, a conflict, and the first to go on with. */
  #settle<N extends Node>(
    path: string,
    present: readonly Present<N>[],
    what: readonly ConflictKind[],
    because?: string,
  ): Present<N> {
    const found = this.#preferred(path, present);
    if (found !== undefined) return found;
    const sides = sidesOf(this.#described(present, what));
    this.conflicts.push({ where: path, what, sides, ...(because === undefined ? {} : { because }) });
    return present[0] as Present<N>;
  }

  #preferred<N extends Node>(path: string, present: readonly Present<N>[]): Present<N> | undefined {
    const images = present.map(({ image }) => image);
    const preferred = this.#choose(path, images);
    return present.find(({ image }) => image === preferred);
  }

  /** What each has; two files that look alike and are not are told apart by a letter. */
  #described(present: readonly Present[], what: readonly ConflictKind[]) {
    const contents: Content[] = [];
    return present.map(({ image, node }) => {
      if (node.kind !== 'file' || !what.includes('content')) return { image, has: describe(node) };
      const known = contents.findIndex((one) => this.#facts.same(one, node.content));
      const number = known < 0 ? contents.push(node.content) - 1 : known;
      return { image, has: `${describe(node)}, content ${String.fromCharCode(65 + (number % 26))}` };
    });
  }
}

/** Hard links that only a later image has are kept, where its file is as old. */
function linkedOf(present: readonly Present<Leaf>[]): Present<Leaf> {
  const [first] = present as [Present<Leaf>];
  if (first.node.link !== undefined) return first;
  return present.find(({ node }) => node.link !== undefined && sameInfo(node, first.node)) ?? first;
}

function areFiles(present: readonly Present[]): present is readonly Present<FileNode>[] {
  return present.every(({ node }) => node.kind === 'file');
}

/** What any of them has other than the first, in a fixed order. */
function differing<N extends Node>(
  present: readonly Present<N>[],
  kinds: (a: N, b: N) => readonly ConflictKind[],
): ConflictKind[] {
  const [first, ...others] = present.map(({ node }) => node) as [N, ...N[]];
  const found = new Set(others.flatMap((other) => kinds(first, other)));
  const order: readonly ConflictKind[] = ['kind', 'mode', 'owner', 'xattrs', 'content', 'target', 'device'];
  return order.filter((kind) => found.has(kind));
}

function metaKinds({ meta: a }: Node, { meta: b }: Node): ConflictKind[] {
  const kinds: ConflictKind[] = [];
  if (a.mode !== b.mode) kinds.push('mode');
  if (a.uid !== b.uid || a.gid !== b.gid) kinds.push('owner');
  if (!sameXattrs(a.xattrs, b.xattrs)) kinds.push('xattrs');
  return kinds;
}

function isNewer(a: Node, b: Node): boolean {
  return a.mtime > b.mtime || (a.mtime === b.mtime && a.mtimeNs > b.mtimeNs);
}

function describe(node: Node): string {
  const { mode, uid, gid, xattrs } = node.meta;
  const attributes = [...(xattrs ?? [])].map(([name, value]) => `, ${name}=${Buffer.from(value).toString('hex')}`);
  const owned = `${mode.toString(8).padStart(4, '0')} ${uid}:${gid}${attributes.sort().join('')}`;
  switch (node.kind) {
    case 'dir':
      return `directory ${owned}`;
    case 'file':
      return `file ${owned}, ${node.content.size} B`;
    case 'symlink':
      return `link to ${printableName(node.target)}${uid === 0 && gid === 0 ? '' : ` ${uid}:${gid}`}`;
    case 'char':
    case 'block':
      return `${node.kind} device ${node.major}:${node.minor} ${owned}`;
    case 'fifo':
      return `fifo ${owned}`;
  }
}

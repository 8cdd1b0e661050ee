/**
 * Following a path as the kernel would inside a root (path_resolution(7), with the root as in chroot(2)): absolute links
 * start at the root, `..` at the root stays there, at most 40 links. Written once, as a generator that asks for what stands
 * at a path; drivers answer from a Tree or from a disk.
 * @module
 */
import { basename, dirname } from '../base/path.ts';
import { childOf } from './children.ts';
import type { DirInfo, Leaf, NodeInfo, SymlinkNode } from './node.ts';
import { type Node, nodeAt, type Tree } from './tree.ts';

/** Linux follows at most this many links in one look-up (namei.c MAXSYMLINKS). */
const MAX_LINKS = 40;

/** Bytes of a path, its closing NUL included, that the kernel takes (limits.h); a link's text is bounded likewise. */
const PATH_MAX = 4096;

export interface Hop {
  /** Where the link itself is; no component of it is a link. */
  readonly path: string;
  readonly node: SymlinkNode;
}

export type Resolution = Found | Missing;

export interface Found {
  readonly kind: 'found';
  /** The physical path: no component of it is a link (but the last, if the look-up did not follow it). */
  readonly path: string;
  readonly node: NodeInfo;
  /** The links that were followed, in order. */
  readonly hops: readonly Hop[];
}

export interface Missing {
  readonly kind: 'missing';
  /** `absent`: ENOENT; `not-a-directory`: ENOTDIR; `loop`: ELOOP; `too-long`: ENAMETOOLONG. */
  readonly why: 'absent' | 'not-a-directory' | 'loop' | 'too-long';
  /** The physical path of the first thing that is missing or in the way. */
  readonly at: string;
  /** What of the path had still to be walked behind `at`, in order; a maker of directories would go on there. */
  readonly rest: readonly string[];
  readonly hops: readonly Hop[];
}

export interface ResolveOptions {
  /** Whether a link in the last component is followed; default true. lstat(2) against stat(2). */
  readonly follow?: boolean;
}

/**
 * Yields physical paths to look at and wants what is there: first the root, then always a child of a directory that was
 * answered before.
 */
export function* resolving(
  path: string,
  options: ResolveOptions = {},
): Generator<string, Resolution, NodeInfo | undefined> {
  const follow = options.follow ?? true;
  const hops: Hop[] = [];
  const root = yield '/';
  if (root === undefined || path === '') return { kind: 'missing', why: 'absent', at: '/', rest: [], hops };
  if (isTooLong(path)) return { kind: 'missing', why: 'too-long', at: '/', rest: [], hops };
  const walk: Walk = { here: { kind: 'found', path: '/', node: root, hops }, above: [], todo: [] };
  prepend(walk, path);
  while (walk.todo.length > 0) {
    if (walk.here.node.kind !== 'dir') return missing(walk, 'not-a-directory', walk.here.path);
    const name = nextName(walk);
    if (name === undefined) break;
    const at: string = walk.here.path === '/' ? `/${name}` : `${walk.here.path}/${name}`;
    const node: NodeInfo | undefined = yield at;
    if (node === undefined) return missing(walk, 'absent', at);
    if (node.kind === 'symlink' && (follow || walk.todo.length > 0)) {
      hops.push({ path: at, node });
      const why = refusal(node.target, hops.length);
      if (why !== undefined) return missing(walk, why, at);
      prepend(walk, node.target);
    } else {
      walk.above.push(walk.here);
      walk.here = { kind: 'found', path: at, node, hops };
    }
  }
  return walk.here;
}

interface Walk {
  here: Found;
  /** The directories above `here`, the root first. */
  readonly above: Found[];
  /** Components still to be walked, the next one last. */
  readonly todo: string[];
}

function missing({ here, todo }: Walk, why: Missing['why'], at: string): Missing {
  const rest = todo.filter((name) => name !== '' && name !== '.').reverse();
  return { kind: 'missing', why, at, rest, hops: here.hops };
}

/** Puts a text before what is still to be walked; an absolute one goes on at the root. */
function prepend(walk: Walk, text: string): void {
  if (text.startsWith('/')) walk.here = walk.above.splice(0)[0] ?? walk.here;
  for (const name of text.split('/').reverse()) walk.todo.push(name);
}

/** The next component that has to be looked at; the dots before it are walked. */
function nextName(walk: Walk): string | undefined {
  for (let name = walk.todo.pop(); name !== undefined; name = walk.todo.pop()) {
    if (name === '..') walk.here = walk.above.pop() ?? walk.here;
    else if (name !== '' && name !== '.') return name;
  }
  return undefined;
}

function refusal(target: string, links: number): Missing['why'] | undefined {
  if (links > MAX_LINKS) return 'loop';
  if (target === '') return 'absent';
  return isTooLong(target) ? 'too-long' : undefined;
}

function isTooLong(text: string): boolean {
  return Buffer.byteLength(text) >= PATH_MAX;
}

/** {@link resolving} over a Tree. */
export function resolve(tree: Tree, path: string, options: ResolveOptions = {}): Resolution {
  const steps = resolving(path, options);
  let step = steps.next();
  let last: { path: string; node: Node | undefined } = { path: '/', node: tree.root };
  while (!step.done) {
    const parent = dirname(step.value);
    const dir = parent === last.path ? last.node : nodeAt(tree, parent);
    const child = dir?.kind === 'dir' ? childOf(dir, basename(step.value)) : undefined;
    last = { path: step.value, node: step.value === '/' ? tree.root : child };
    step = steps.next(last.node);
  }
  return step.value;
}

/** What a program that opens the path would get: the node at the end of all links, or undefined. */
export function lookup(tree: Tree, path: string): Leaf | DirInfo | undefined {
  const found = resolve(tree, path);
  return found.kind === 'found' ? found.node : undefined;
}

/**
 * Following a path as the kernel would inside a root (path_resolution(7), with the root as in chroot(2)): absolute links
 * start at the root, `..` at the root stays there, at most 40 links. Written once, as a generator that asks for what stands
 * at a path; drivers answer from a Tree or from a disk.
 * @module
 */
import { dirname } from '../base/path.ts';
import type { DirInfo, Leaf, NodeInfo, SymlinkNode } from './node.ts';
import { nodeAt, type Tree } from './tree.ts';

/** Linux follows at most this many links in one look-up (namei.c MAXSYMLINKS). */
const MAX_LINKS = 40;

export interface Hop {
  /** Where the link itself is; no component of it is a link. */
  readonly path: string;
  readonly node: SymlinkNode;
}

export type Resolution =
  | {
      readonly kind: 'found';
      /** The physical path: no component of it is a link (but the last, if the look-up did not follow it). */
      readonly path: string;
      readonly node: NodeInfo;
      /** The links that were followed, in order. */
      readonly hops: readonly Hop[];
    }
  | {
      readonly kind: 'missing';
      /** `absent`: ENOENT; `not-a-directory`: ENOTDIR; `loop`: ELOOP. */
      readonly why: 'absent' | 'not-a-directory' | 'loop';
      /** The physical path of the first thing that is missing or in the way. */
      readonly at: string;
      /** What of the path had still to be walked behind `at`, in order; a maker of directories would go on there. */
      readonly rest: readonly string[];
      readonly hops: readonly Hop[];
    };

export interface ResolveOptions {
  /** Whether a link in the last component is followed; default true. lstat(2) against stat(2). */
  readonly follow?: boolean;
}

/** Yields physical paths to look at (parents before children) and wants what is there. */
export function* resolving(
  path: string,
  options: ResolveOptions = {},
): Generator<string, Resolution, NodeInfo | undefined> {
  const follow = options.follow ?? true;
  const todo = path.split('/').reverse();
  const hops: Hop[] = [];
  let at = '/';
  const root = yield at;
  if (root === undefined) return { kind: 'missing', why: 'absent', at, rest: [], hops };
  let node: NodeInfo = root;
  while (todo.length > 0) {
    const name = todo.pop() as string;
    if (name === '' || name === '.') {
      if (node.kind !== 'dir') return { kind: 'missing', why: 'not-a-directory', at, rest: todo.reverse(), hops };
      continue;
    }
    if (node.kind !== 'dir')
      return { kind: 'missing', why: 'not-a-directory', at, rest: [name, ...todo.reverse()], hops };
    const next: string = name === '..' ? dirname(at) : at === '/' ? `/${name}` : `${at}/${name}`;
    const child: NodeInfo | undefined = yield next;
    if (child === undefined) return { kind: 'missing', why: 'absent', at: next, rest: todo.reverse(), hops };
    if (child.kind === 'symlink' && (follow || todo.length > 0)) {
      hops.push({ path: next, node: child });
      if (hops.length > MAX_LINKS || child.target === '') {
        const why = child.target === '' ? 'absent' : 'loop';
        return { kind: 'missing', why, at: next, rest: todo.reverse(), hops };
      }
      if (child.target.startsWith('/')) {
        at = '/';
        node = root;
      }
      todo.push(...child.target.split('/').reverse());
      continue;
    }
    at = next;
    node = child;
  }
  return { kind: 'found', path: at, node, hops };
}

/** {@link resolving} over a Tree. */
export function resolve(tree: Tree, path: string, options: ResolveOptions = {}): Resolution {
  const steps = resolving(path, options);
  let step = steps.next();
  while (!step.done) step = steps.next(nodeAt(tree, step.value));
  return step.value;
}

/** What a program that opens the path would get: the node at the end of all links, or undefined. */
export function lookup(tree: Tree, path: string): Leaf | DirInfo | undefined {
  const found = resolve(tree, path);
  return found.kind === 'found' ? found.node : undefined;
}

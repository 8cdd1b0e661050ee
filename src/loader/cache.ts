/**
 * What a series of loads looks up and reads, kept: one for a root filesystem that does not change meanwhile. Thousands of
 * programs share their libraries and directories, so the second load costs next to nothing.
 * @module
 */
import { ImageError } from '../base/errors.ts';
import { basename, dirname } from '../base/path.ts';
import { readElf } from '../formats/elf/read.ts';
import type { Elf } from '../formats/elf/types.ts';
import type { FileNode, NodeInfo } from '../model/node.ts';
import { type Hop, type Resolution, resolving } from '../model/resolve.ts';
import type { Files } from '../ports/files.ts';

/** Misses in a directory before it is listed as a whole, which answers all later questions. */
const MISSES_BEFORE_LISTING = 3;

const HEAD = 4096;

/** Longest name in a directory, in bytes, of every file system of Linux (limits.h). */
const NAME_MAX = 255;

type Missing = Extract<Resolution, { kind: 'missing' }>['why'];

/** A file as open(2) finds it. */
export type Found =
  | { readonly kind: 'file'; readonly realPath: string; readonly hops: readonly Hop[]; readonly node: FileNode }
  | { readonly kind: 'other'; readonly realPath: string; readonly hops: readonly Hop[]; readonly node: NodeInfo }
  | { readonly kind: 'missing'; readonly why: Missing };

/** A regular file's beginning, and its ELF facts. */
export interface Binary {
  /** First 4,096 bytes, or all there are. */
  readonly head: Uint8Array;
  /** Undefined where it is no ELF file. */
  readonly elf: Elf | undefined;
  /** Why the ELF facts could not be read. */
  readonly broken: ImageError | undefined;
}

export interface LoaderCache {
  readonly files: Files;
  find(path: string): Promise<Found>;
  isDirectory(path: string): Promise<boolean>;
  binary(node: FileNode): Promise<Binary>;
  /** What was computed under that key before, or is now. */
  memo<T>(key: string, compute: () => Promise<T>): Promise<T>;
}

export function createLoaderCache(files: Files): LoaderCache {
  const lookup = cachedLookup(files);
  const found = new Map<string, Promise<Found>>();
  const binaries = new Map<FileNode, Promise<Binary>>();
  const memos = new Map<string, Promise<unknown>>();
  const find = (path: string) => keep(found, path, () => findFile(lookup, path));
  return {
    files,
    find,
    isDirectory: async (path) => {
      const one = await find(path);
      return one.kind === 'other' && one.node.kind === 'dir';
    },
    binary: (node) => keep(binaries, node, () => readBinary(files, node)),
    memo: <T>(key: string, compute: () => Promise<T>) => keep(memos, key, compute) as Promise<T>,
  };
}

function keep<K, V>(known: Map<K, Promise<V>>, key: K, compute: () => Promise<V>): Promise<V> {
  const value = known.get(key);
  if (value !== undefined) return value;
  const made = compute();
  known.set(key, made);
  return made;
}

type Lookup = (path: string) => NodeInfo | undefined | Promise<NodeInfo | undefined>;

/** Looks up once; after a few misses in a directory asks for its names instead. */
function cachedLookup(files: Files): Lookup {
  const nodes = new Map<string, NodeInfo | undefined>();
  const misses = new Map<string, number>();
  const names = new Map<string, ReadonlySet<string>>();
  const fetch = async (path: string) => {
    const parent = dirname(path);
    if (names.get(parent)?.has(basename(path)) === false) return undefined;
    const node = await files.lookup(path);
    nodes.set(path, node);
    if (node === undefined && !names.has(parent)) {
      const count = (misses.get(parent) ?? 0) + 1;
      misses.set(parent, count);
      if (count === MISSES_BEFORE_LISTING) names.set(parent, new Set(await files.list(parent)));
    }
    return node;
  };
  return (path) => (nodes.has(path) ? nodes.get(path) : fetch(path));
}

async function findFile(lookup: Lookup, path: string): Promise<Found> {
  if (path.length > NAME_MAX && path.split('/').some((name) => Buffer.byteLength(name) > NAME_MAX)) {
    return { kind: 'missing', why: 'too-long' };
  }
  const steps = resolving(path);
  let step = steps.next();
  while (!step.done) {
    const node = lookup(step.value);
    step = steps.next(node instanceof Promise ? await node : node);
  }
  const at = step.value;
  if (at.kind === 'missing') return { kind: 'missing', why: at.why };
  const { node, hops } = at;
  return node.kind === 'file'
    ? { kind: 'file', realPath: at.path, hops, node }
    : { kind: 'other', realPath: at.path, hops, node };
}

async function readBinary(files: Files, node: FileNode): Promise<Binary> {
  const { size } = node.content;
  const head = await files.read(node, { offset: 0, size: Math.min(HEAD, size) });
  try {
    const elf = await readElf(async (offset, length) => {
      if (offset + length <= head.length) return head.subarray(offset, offset + length);
      return files.read(node, { offset, size: length });
    }, size);
    return { head, elf, broken: undefined };
  } catch (error) {
    if (error instanceof ImageError && error.code === 'INVALID') return { head, elf: undefined, broken: error };
    throw error;
  }
}

/** A directory of this machine that COPY and ADD take from: files are root's, and what .dockerignore leaves out is not looked at. @module */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Digest, digestOf } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { TreeEditor } from '../../model/editor.ts';
import type { Dir, Meta, Node, NodeInfo } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { type RootReader, rootReader } from '../../system/disk-root.ts';
import { fingerprintOf } from '../../system/fingerprint.ts';
import { ownerReset } from './as-context.ts';
import type { Ignore } from './ignore.ts';
import { assertThere, type Places, type Selection, select } from './selection.ts';

/** How many entries are read before others get a turn. */
const BREATH = 2000;

/**
 * Within this many milliseconds a file can change twice and have one time of change: kernels before 6.13 count in ticks, of up to
 * ten milliseconds.
 */
const TICK = 20;

/** Of more entries than this that a wildcard matches, the directory they lie in is looked at instead. */
const MANY = 500;

export interface LocalContext {
  /**
   * What a source of COPY selects, and what leads there; all of it where none is named. Each is read once.
   * @param pattern clean and absolute
   */
  tree(pattern?: string): Promise<Tree>;
  /** Whether a source selects anything. @throws ImageError NOT_FOUND where what it names is not there; wildcards need not match */
  assertThere(pattern: string): boolean;
  /** What tells that what a source selects has not changed since it was read, or where it has not been, until now. */
  fingerprint(pattern: string): Promise<Digest | undefined>;
}

/** @param without see {@link readContext} */
export function localContext(
  directory: string,
  ignore: Ignore,
  run: Run,
  without: () => string | undefined = () => undefined,
): LocalContext {
  const trees = new Map<string, Promise<Tree>>();
  let time: number | undefined;
  let reading: ContextReader | undefined;
  const reader = () => (reading ??= contextReader(directory, leftOut(ignore, without()), run));
  const read = (pattern: string) => (pattern === '/' ? reader().all() : reader().part(select(pattern, reader())));
  return {
    tree: (pattern = '/') => {
      time ??= Date.now();
      const tree = trees.get('/') ?? trees.get(pattern) ?? read(pattern);
      trees.set(pattern, tree);
      return tree;
    },
    assertThere: (pattern) => assertThere(pattern, reader(), reader().isLeftOut),
    fingerprint: async (pattern) => {
      const { paths, start, way } = select(pattern, reader());
      if (start === undefined || paths.length === 0) return undefined;
      const options = { ignore: leftOut(ignore, without()), time: time ?? Date.now(), breathe: () => breathe(run) };
      const parts: unknown[] = [...way].map(([path, node]) => [
        path,
        node.kind === 'symlink' ? node.target : metaText(node),
      ]);
      for (const path of paths.length > MANY ? [start] : paths) {
        const part = await fingerprintOf(directory, { ...options, path });
        if (part === undefined) return undefined;
        parts.push([path, part]);
      }
      return digestOf(JSON.stringify(parts));
    },
  };
}

function metaText({ meta: { mode, xattrs } }: { readonly meta: Meta }): unknown {
  return [mode, ...[...(xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString('hex')])];
}

/** @param path of a directory, from the context: `/a/b` */
function leftOut(ignore: Ignore, path: string | undefined): Ignore {
  return path === undefined ? ignore : (one) => (`/${one}` === path ? 'out' : ignore(one));
}

/**
 * Contents are read when they are wanted; a file that has changed by then is an error.
 * @throws ImageError NOT_FOUND, DENIED
 */
export function readContext(directory: string, ignore: Ignore, run: Run): Promise<Tree> {
  return contextReader(directory, ignore, run).all();
}

interface ContextReader extends Places {
  /** Whether .dockerignore is the reason that there is nothing. */
  isLeftOut(path: string): boolean;
  all(): Promise<Tree>;
  /** What is selected, and what leads there. */
  part(selection: Selection): Promise<Tree>;
}

function contextReader(directory: string, ignore: Ignore, run: Run): ContextReader {
  const reader = rootReader(directory);
  const metaOf = ownerReset();
  let count = 0;
  let newest = 0;
  const lookup = (path: string): NodeInfo | undefined => {
    const verdict = path === '/' ? 'in' : ignore(path.slice(1));
    const info = verdict === 'out' ? undefined : reader.lookup(path);
    return info?.kind === 'dir' || verdict === 'in' ? info : undefined;
  };
  const list = (path: string) => {
    try {
      return reader.list(path) ?? [];
    } catch (error) {
      if (!(error instanceof ImageError) || error.code !== 'DENIED') throw error;
      const hint = 'leave it out with .dockerignore, or run pare as a user who may read it';
      throw new ImageError(error.code, error.message, { cause: error.cause, hint });
    }
  };
  const readDir = async (path: string, node: NodeInfo): Promise<Dir> => {
    const names: string[] = [];
    const nodes: Node[] = [];
    for (const name of list(path === '' ? '/' : path)) {
      const found = await readEntry(`${path}/${name}`);
      if (found === undefined) continue;
      names.push(name);
      nodes.push(found);
    }
    return { kind: 'dir', meta: metaOf(node.meta), mtime: node.mtime, mtimeNs: node.mtimeNs, names, nodes };
  };
  const readEntry = async (path: string): Promise<Node | undefined> => {
    const verdict = ignore(path.slice(1));
    if (verdict === 'out') return undefined;
    const info = reader.lookup(path);
    if (info === undefined) return undefined;
    if (++count % BREATH === 0) await breathe(run);
    if (info.kind !== 'dir') {
      newest = Math.max(newest, info.mtime * 1e3 + info.mtimeNs / 1e6);
      return verdict === 'in' ? { ...info, meta: metaOf(info.meta) } : undefined;
    }
    const dir = await readDir(path, info);
    return verdict === 'in' || dir.names.length > 0 ? dir : undefined;
  };
  const settled = async (root: Dir): Promise<Tree> => {
    if (Math.abs(Date.now() - newest) < TICK) await sleep(TICK);
    return { root };
  };
  return {
    lookup,
    list,
    within: (path) => {
      const inside = path.startsWith(`${directory}/`) ? path.slice(directory.length) : undefined;
      return inside === undefined || lookup(inside) === undefined ? undefined : inside.slice(1);
    },
    isLeftOut: (path) => lookup(path) === undefined && reader.lookup(path) !== undefined,
    all: async () => settled(await readDir('', rootOf(reader))),
    part: async ({ paths, start, way }) => {
      const editor = new TreeEditor();
      // Where nothing matches, whether there is a directory at all may depend on what else is in it.
      const isEmpty =
        paths.length === 0 && start !== undefined && start !== '/' && ignore(start.slice(1)) === 'perhaps';
      const wanted = new Set(isEmpty ? [start] : paths);
      for (const [path, node] of [...way].sort(([a], [b]) => (a < b ? -1 : 1))) {
        if (wanted.has(path)) continue;
        const own = { ...node, meta: metaOf(node.meta) };
        if (own.kind === 'dir') editor.putDir(path, own);
        else editor.put(path, own);
      }
      for (const path of wanted) {
        const node = path === '/' ? await readDir('', rootOf(reader)) : await readEntry(path);
        if (node !== undefined) editor.put(path, node);
      }
      return settled(editor.done().root);
    },
  };
}

function rootOf(reader: RootReader): Dir {
  return { ...(reader.lookup('/') as Dir), names: [], nodes: [] };
}

async function breathe(run: Run): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  run.signal?.throwIfAborted();
}

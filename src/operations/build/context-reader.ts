/** Reading a directory of this machine as a context, all of it or what is selected. @module */
import { setTimeout as sleep } from 'node:timers/promises';
import { ImageError } from '../../base/errors.ts';
import { TreeEditor } from '../../model/editor.ts';
import type { Dir, Node, NodeInfo } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { type RootReader, rootReader } from '../../system/disk-root.ts';
import { ownerReset } from './as-context.ts';
import type { Ignore } from './ignore.ts';
import type { Places, Selection } from './selection.ts';

/** How many entries are read before others get a turn. */
const BREATH = 2000;

/**
 * Within this many milliseconds a file can change twice and have one time of change: kernels before 6.13 count in ticks, of up to
 * ten milliseconds.
 */
const TICK = 20;

/**
 * Contents are read when they are wanted; a file that has changed by then is an error.
 * @throws ImageError NOT_FOUND, DENIED
 */
export function readContext(directory: string, ignore: Ignore, run: Run): Promise<Tree> {
  return contextReader(directory, ignore, run).all();
}

export interface ContextReader extends Places {
  /** Whether .dockerignore is the reason that there is nothing. */
  isLeftOut(path: string): boolean;
  all(): Promise<Tree>;
  /** What is selected, and what leads there. */
  part(selection: Selection): Promise<Tree>;
}

export function contextReader(directory: string, ignore: Ignore, run: Run): ContextReader {
  const reader = rootReader(directory);
  const metaOf = ownerReset();
  let count = 0;
  let newest = 0;
  const lookup = (path: string): NodeInfo | undefined => {
    const verdict = path === '/' ? 'in' : ignore(path.slice(1));
    const info = verdict === 'out' ? undefined : reader.lookup(path);
    return info?.kind === 'dir' || verdict === 'in' ? info : undefined;
  };
  const list = (path: string) => listed(reader, path);
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

/** @throws ImageError DENIED */
function listed(reader: RootReader, path: string): readonly string[] {
  try {
    return reader.list(path) ?? [];
  } catch (error) {
    if (!(error instanceof ImageError) || error.code !== 'DENIED') throw error;
    const hint = 'leave it out with .dockerignore, or run pare as a user who may read it';
    throw new ImageError(error.code, error.message, { cause: error.cause, hint });
  }
}

function rootOf(reader: RootReader): Dir {
  return { ...(reader.lookup('/') as Dir), names: [], nodes: [] };
}

/** Others get a turn. */
export async function breathe(run: Run): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  run.signal?.throwIfAborted();
}

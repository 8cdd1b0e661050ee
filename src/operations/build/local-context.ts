/** A directory of this machine that COPY and ADD take from: files are root's, and what .dockerignore leaves out is not looked at. @module */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Digest } from '../../base/digest.ts';
import type { Dir, Node } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { type RootReader, rootReader } from '../../system/disk-root.ts';
import { fingerprintOf } from '../../system/fingerprint.ts';
import { ownerReset } from './as-context.ts';
import type { Ignore } from './ignore.ts';

/** How many entries are read before others get a turn. */
const BREATH = 2000;

/**
 * Within this many milliseconds a file can change twice and have one time of change: kernels before 6.13 count in ticks, of up to
 * ten milliseconds.
 */
const TICK = 20;

export interface LocalContext {
  /** Read once. */
  tree(): Promise<Tree>;
  /** What tells that what is at a path has not changed since the tree was read, or where it has not been, until now. */
  fingerprint(path: string): Promise<Digest | undefined>;
}

/** @param without see {@link readContext} */
export function localContext(
  directory: string,
  ignore: Ignore,
  run: Run,
  without: () => string | undefined = () => undefined,
): LocalContext {
  let tree: Promise<Tree> | undefined;
  let time: number | undefined;
  return {
    tree: () => {
      time ??= Date.now();
      tree ??= readContext(directory, ignore, run, without());
      return tree;
    },
    fingerprint: async (path) => {
      const left = without();
      const own: Ignore = left === undefined ? ignore : (one) => (`/${one}` === left ? 'out' : ignore(one));
      return fingerprintOf(directory, { path, ignore: own, time: time ?? Date.now(), breathe: () => breathe(run) });
    },
  };
}

/**
 * Contents are read when they are wanted; a file that has changed by then is an error.
 * @param without path of a directory that is not looked at, from the context: `/a/b`
 * @throws ImageError NOT_FOUND, DENIED
 */
export async function readContext(directory: string, ignore: Ignore, run: Run, without?: string): Promise<Tree> {
  const reader = rootReader(directory);
  const metaOf = ownerReset();
  let count = 0;
  let newest = 0;
  const readDir = async (path: string, node: Node): Promise<Dir> => {
    const names: string[] = [];
    const nodes: Node[] = [];
    for (const name of reader.list(path === '' ? '/' : path) ?? []) {
      const child = `${path}/${name}`;
      const found = await readEntry(child);
      if (found === undefined) continue;
      names.push(name);
      nodes.push(found);
    }
    return { kind: 'dir', meta: metaOf(node.meta), mtime: node.mtime, mtimeNs: node.mtimeNs, names, nodes };
  };
  const readEntry = async (path: string): Promise<Node | undefined> => {
    const verdict = ignore(path.slice(1));
    if (verdict === 'out' || path === without) return undefined;
    const info = reader.lookup(path);
    if (info === undefined) return undefined;
    if (++count % BREATH === 0) await breathe(run);
    if (info.kind !== 'dir') {
      newest = Math.max(newest, info.mtime * 1e3 + info.mtimeNs / 1e6);
      return verdict === 'in' ? { ...info, meta: metaOf(info.meta) } : undefined;
    }
    const dir = await readDir(path, info as Dir);
    return verdict === 'in' || dir.names.length > 0 ? dir : undefined;
  };
  const root = await readDir('', rootOf(reader));
  if (Math.abs(Date.now() - newest) < TICK) await sleep(TICK);
  return { root };
}

function rootOf(reader: RootReader): Dir {
  return { ...(reader.lookup('/') as Dir), names: [], nodes: [] };
}

async function breathe(run: Run): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  run.signal?.throwIfAborted();
}

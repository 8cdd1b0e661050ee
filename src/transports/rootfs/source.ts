/**
 * `host:` and `rootfs:DIR` as sources: looked at lazily through {@link Files}, or read whole into a Tree.
 * @module
 */
import { lstatSync, statSync } from 'node:fs';
import { fromSystem, ImageError } from '../../base/errors.ts';
import type { Dir, Node } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';
import type { Files } from '../../ports/files.ts';
import type { Run } from '../../ports/run.ts';
import { hasSystemCalls } from '../../system/linux.ts';
import { type RootReader, rootFiles, rootReader } from './files.ts';

export interface RootDirectory {
  readonly files: Files;
  /** Every entry, read at the first call: metadata only, the bytes of files stay where they are. */
  tree(): Promise<Tree>;
}

/** @throws ImageError NOT_FOUND where there is no such directory */
export function openRootDirectory(path: string, run: Run = {}): RootDirectory {
  assertDirectory(path);
  if (!hasSystemCalls()) {
    run.report?.({
      type: 'warning',
      text: 'extended attributes (file capabilities, ACLs) cannot be read on this platform',
    });
  }
  const reader = rootReader(path);
  let tree: Promise<Tree> | undefined;
  return {
    files: rootFiles(reader, run.report),
    tree: () => (tree ??= readTree(reader, run)),
  };
}

function assertDirectory(path: string): void {
  try {
    if (statSync(path).isDirectory()) return;
  } catch (error) {
    const dangling = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    throw fromSystem(error, `cannot open the root filesystem ${path}${dangling ? ', a link to nowhere' : ''}`);
  }
  throw new ImageError('NOT_FOUND', `${path} is not a directory`, {
    hint: `if it is a tar of a root filesystem, write tar:${path}; if it is an image, oci-archive: or docker-archive:`,
  });
}

/** How many entries are read before others get a turn (a signal, progress on the terminal). */
const BREATH = 2000;

async function readTree(reader: RootReader, run: Run): Promise<Tree> {
  let count = 0;
  const readDir = async (path: string, node: Node): Promise<Dir> => {
    const names: string[] = [];
    const nodes: Node[] = [];
    const listed = reader.isVolatile(path) ? [] : (reader.list(path) ?? []);
    for (const name of listed) {
      const child = path === '/' ? `/${name}` : `${path}/${name}`;
      const info = reader.lookup(child);
      if (info === undefined) continue; // a socket, or gone since it was listed
      if (++count % BREATH === 0) await breathe(run);
      names.push(name);
      nodes.push(info.kind === 'dir' ? await readDir(child, info as Dir) : info);
    }
    const { meta, mtime, mtimeNs } = node;
    return { kind: 'dir', meta, mtime, mtimeNs, names, nodes };
  };
  const root = reader.lookup('/');
  if (root?.kind !== 'dir') throw new ImageError('NOT_FOUND', 'the root filesystem is gone');
  return { root: await readDir('/', root as Dir) };
}

async function breathe(run: Run): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  run.signal?.throwIfAborted();
}

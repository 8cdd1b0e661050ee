/** A directory of this machine as a Tree: metadata only, the bytes of files stay where they are. @module */
import { ImageError } from '../base/errors.ts';
import type { Dir, Node } from '../model/node.ts';
import type { Tree } from '../model/tree.ts';
import type { Run } from '../ports/run.ts';
import type { RootReader } from './disk-root.ts';

/** How many entries are read before others get a turn (a signal, progress on the terminal). */
const BREATH = 2000;

/** Every entry but those in memory. @throws ImageError NOT_FOUND where there is no directory */
export async function readTree(reader: RootReader, run: Run): Promise<Tree> {
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

/**
 * Writing and reading the directories of snapshots: as root by this process itself; as an ordinary user by the helper
 * in the user namespace, where files can belong to others.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fromSystem } from '../../base/errors.ts';
import { writeLayer } from '../../model/layer/write.ts';
import type { Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { rootReader } from '../../system/disk-root.ts';
import { readTree } from '../../system/read-tree.ts';
import { writeTree } from '../../system/write-tree.ts';
import type { Helper } from './helper/client.ts';
import { treeInTar } from './helper/tar-tree.ts';

export interface Hands {
  /** @param directory is there and empty, of this process's own */
  write(tree: Tree, directory: string, run: Run): Promise<void>;
  /** A directory as it lies there, marks of overlayfs included. Contents can be read until it is disposed of. */
  read(directory: string, run: Run): Promise<ReadDirectory>;
}

export interface ReadDirectory extends AsyncDisposable {
  readonly tree: Tree;
}

export const OWN_HANDS: Hands = {
  write: async (tree, directory, run) => {
    try {
      await writeTree(tree, directory, run);
    } catch (error) {
      throw fromSystem(
        error,
        `cannot write a layer into ${directory}`,
        'make room, or set PARE_HOME to another directory',
      );
    }
  },
  read: async (directory, run) => ({
    tree: await readTree(rootReader(directory), run),
    [Symbol.asyncDispose]: async () => undefined,
  }),
};

/** @param spools a directory for files that carry trees to the helper and back */
export function helperHands(helper: Helper, spools: string): Hands {
  const fresh = () => join(spools, `spool-${randomBytes(6).toString('hex')}.tar`);
  return {
    write: async (tree, directory, run) => {
      const path = fresh();
      try {
        await spool(tree, path, run);
        await helper.write(path, directory);
      } catch (error) {
        throw fromSystem(error, `cannot write a layer into ${directory}`);
      } finally {
        await rm(path, { force: true });
      }
    },
    read: async (directory) => {
      const path = fresh();
      try {
        await helper.read(directory, path);
        return await treeInTar(path);
      } finally {
        // Whoever has it open goes on reading it.
        await rm(path, { force: true });
      }
    },
  };
}

async function spool(tree: Tree, path: string, { signal }: Run): Promise<void> {
  await using tar = await open(path, 'wx', 0o600);
  for await (const piece of writeLayer(tree)) {
    signal?.throwIfAborted();
    await tar.writeFile(piece);
  }
}

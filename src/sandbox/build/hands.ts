/**
 * Writing and reading the directories of snapshots: as root by this process itself; as an ordinary user by the helper
 * in the user namespace, where files can belong to others.
 * @module
 */
import { fromSystem } from '../../base/errors.ts';
import { writeLayer } from '../../model/layer/write.ts';
import type { Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { rootReader } from '../../system/disk-root.ts';
import { readTree } from '../../system/read-tree.ts';
import { createTempFile, type TempFile } from '../../system/temp-file.ts';
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

async function privateFile(directory: string): Promise<TempFile> {
  const file = await createTempFile(directory);
  await file.handle.chmod(0o600);
  return file;
}

/** @param spools a directory for files that carry trees to the helper and back */
export function helperHands(helper: Helper, spools: string): Hands {
  return {
    write: async (tree, directory, run) => {
      try {
        await using file = await privateFile(spools);
        for await (const piece of writeLayer(tree)) {
          run.signal?.throwIfAborted();
          await file.handle.writeFile(piece);
        }
        await helper.write(file.path, directory);
      } catch (error) {
        throw fromSystem(error, `cannot write a layer into ${directory}`);
      }
    },
    read: async (directory) => {
      await using file = await privateFile(spools);
      await helper.read(directory, file.path);
      // Whoever has it open goes on reading it.
      return await treeInTar(file.path);
    },
  };
}

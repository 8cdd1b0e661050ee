/** A directory as one file: how trees go into a user namespace and come out of it. @module */
import { open } from 'node:fs/promises';
import { applyLayer } from '../../../model/anchor.ts';
import { readLayer } from '../../../model/layer/read.ts';
import { EMPTY_TREE, type Tree } from '../../../model/tree.ts';
import { handleBlob } from '../../../system/file-blob.ts';

/** Until it is disposed of, contents can be read; the file may be unlinked meanwhile. */
export interface TreeInTar extends AsyncDisposable {
  readonly tree: Tree;
}

export async function treeInTar(path: string): Promise<TreeInTar> {
  const handle = await open(path, 'r');
  try {
    const { size, ino } = await handle.stat();
    const blob = handleBlob(`spool:${ino}:${path}`, handle, path);
    const { tree } = await applyLayer(EMPTY_TREE, readLayer(blob, size));
    return { tree, [Symbol.asyncDispose]: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

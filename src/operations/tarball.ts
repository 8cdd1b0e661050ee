/** A root filesystem as a tar file, compressed by the end of its name. @module */
import { rename } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { fromSystem } from '../base/errors.ts';
import { gzip } from '../formats/compress/gzip.ts';
import { zstd } from '../formats/compress/zstd.ts';
import { layerSize, writeLayer } from '../model/layer/write.ts';
import type { Tree } from '../model/tree.ts';
import type { Run } from '../ports/run.ts';
import { createTempFile } from '../system/temp-file.ts';

/** The file appears whole or not at all. @returns its size in bytes */
export async function writeTarball(tree: Tree, file: string, run: Run = {}): Promise<number> {
  const path = resolve(file);
  await using temp = await createTempFile(dirname(path));
  let size = 0;
  try {
    for await (const piece of compressed(tree, path, run)) {
      run.signal?.throwIfAborted();
      await temp.handle.writeFile(piece);
      size += piece.length;
    }
    // As if it had been made by any other program: readable as the umask says.
    await temp.handle.chmod(0o666 & ~process.umask());
    await rename(temp.path, path);
  } catch (error) {
    throw fromSystem(error, `cannot write ${basename(path)}`);
  }
  temp.keep();
  return size;
}

function compressed(tree: Tree, path: string, { signal }: Run): AsyncIterable<Uint8Array> {
  const tar = writeLayer(tree);
  if (/\.t?gz$/.test(path)) return gzip(tar, { size: layerSize(tree), signal });
  return /\.t?zst$/.test(path) ? zstd(tar) : tar;
}

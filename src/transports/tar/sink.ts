/** `tar:FILE` as a place for a root filesystem: always the same bytes for the same tree, compressed by the file's name. @module */
import { ImageError } from '../../base/errors.ts';
import { gzip } from '../../formats/compress/gzip.ts';
import { zstd } from '../../formats/compress/zstd.ts';
import { layerSize, writeLayer } from '../../model/layer/write.ts';
import type { Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { openOutputFile } from '../../system/output-file.ts';

/**
 * The file appears whole or not at all.
 * @param path ends in `.gz` or `.tgz` for gzip, `.zst` or `.tzst` for zstd; `-` is standard output
 * @returns its size in bytes
 * @throws ImageError USAGE where the name promises another compression; as `openOutputFile`
 */
export async function writeTarRoot(tree: Tree, path: string, run: Run = {}): Promise<number> {
  checkTarName(path);
  await using output = await openOutputFile(path);
  let size = 0;
  for await (const piece of compressed(tree, path, run)) {
    run.signal?.throwIfAborted();
    await output.write(piece);
    size += piece.length;
    run.report?.({ type: 'bytes', label: `writing ${output.shown}`, done: size });
  }
  output.publish();
  return size;
}

function compressed(tree: Tree, path: string, { signal }: Run): AsyncIterable<Uint8Array> {
  const tar = writeLayer(tree);
  if (/\.t?gz$/.test(path)) return gzip(tar, { size: layerSize(tree), signal });
  return /\.t?zst$/.test(path) ? zstd(tar) : tar;
}

/** @throws ImageError USAGE where the name ends as one of another compression does: the file would not be what it says */
export function checkTarName(path: string): void {
  const other = /\.(?:bz2|xz|lzma|lz|lz4|lzo|br|Z|t[bx]z|tbz2|tlz|zip|7z)$/.exec(path)?.[0];
  if (other === undefined) return;
  throw new ImageError('USAGE', `${path}: tars are compressed with gzip or zstd, and not as ${other} says`, {
    hint: 'let the name end in .tar, .tar.gz or .tar.zst',
  });
}

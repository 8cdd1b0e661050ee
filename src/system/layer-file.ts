/** A layer in a file of this machine: its bytes as they are, and what they are uncompressed. @module */
import { asDiffId, type DiffId, type Digest, Digester } from '../base/digest.ts';
import { tapped } from '../base/stream.ts';
import { decompress } from '../formats/compress/decompress.ts';
import { DETECTION_BYTES, detectCompression } from '../formats/compress/detect.ts';
import type { Blob } from '../model/content.ts';
import type { Run } from '../ports/run.ts';
import { handleBlob } from './file-blob.ts';
import { filled, openBytes } from './open-file.ts';
import { spool } from './spool.ts';

export interface LayerFile extends AsyncDisposable {
  /** The uncompressed tar. */
  readonly tar: { readonly blob: Blob; readonly size: number };
  /** Present where the file is compressed: the file as it is. */
  readonly packed: PackedLayer | undefined;
}

export interface PackedLayer {
  readonly blob: Blob;
  readonly size: number;
  readonly compression: 'gzip' | 'zstd';
  readonly digest: Digest;
  readonly diffId: DiffId;
}

/**
 * @param path of a file; `-` is standard input
 * @throws ImageError NOT_FOUND, DENIED, IO; INVALID, LIMIT, UNSUPPORTED where it is compressed and cannot be decompressed
 */
export async function openLayerFile(path: string, run: Run = {}): Promise<LayerFile> {
  await using stack = new AsyncDisposableStack();
  const { blob, size } = filled(stack.use(await openBytes(path, run)), path);
  const compression = detectCompression(await blob.read(0, Math.min(DETECTION_BYTES, size)));
  if (compression === 'none') {
    const open = stack.move();
    return { tar: { blob, size }, packed: undefined, [Symbol.asyncDispose]: () => open.disposeAsync() };
  }
  const [stored, plain] = [new Digester(), new Digester()];
  const bytes = tapped(decompress(tapped(blob.stream(0, size), stored), compression, { signal: run.signal }), plain);
  const spooled = stack.use(await spool(bytes, path, run));
  const diffId = asDiffId(plain.digest());
  const open = stack.move();
  return {
    tar: { blob: handleBlob(diffId, spooled.handle, path), size: spooled.size },
    packed: { blob, size, compression: compression as PackedLayer['compression'], digest: stored.digest(), diffId },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** What a chunk of a layer holds, without reading the rest: as a reader does that knows the table of contents alone. @module */
import { Digester } from '../src/base/digest.ts';
import { ImageError } from '../src/base/errors.ts';
import { pieces } from '../src/base/stream.ts';
import type { TocChunk } from '../src/formats/chunked/toc.ts';
import { decompress } from '../src/formats/compress/decompress.ts';
import type { RandomAccess } from '../src/formats/tar/scan.ts';

/** The compressed bytes are read piece by piece, so that a lying table of contents costs no memory. */
const PIECE = 1024 * 1024;

/**
 * The chunk's bytes, verified: ends with an error if they are not those of its digest.
 * @throws ImageError INVALID, DIGEST_MISMATCH
 */
export async function* chunkBytes(
  blob: RandomAccess,
  chunk: TocChunk,
  compression: 'gzip' | 'zstd',
): AsyncGenerator<Uint8Array> {
  const digester = new Digester();
  // Behind the chunk, what precedes the next one may be decompressed, too: headers, which nobody wants.
  for await (const piece of decompress(range(blob, chunk), compression)) {
    const wanted = piece.subarray(0, chunk.size - digester.size);
    digester.update(wanted);
    yield wanted;
    if (digester.size === chunk.size) break;
  }
  const digest = digester.size === chunk.size ? digester.digest() : undefined;
  if (digest === chunk.digest) return;
  throw new ImageError('DIGEST_MISMATCH', `the chunk at byte ${chunk.offset} of a layer is not what it should be`, {
    hint: 'the layer is damaged: get the image again from where it came from',
  });
}

async function* range(blob: RandomAccess, { offset, end }: TocChunk): AsyncGenerator<Uint8Array> {
  for (let at = offset; at < end; at += PIECE) yield* pieces(await blob.read(at, Math.min(PIECE, end - at)));
}

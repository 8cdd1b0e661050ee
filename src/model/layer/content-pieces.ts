/** The bytes of a content, in pieces of bounded size. @module */
import type { Content, Sparse } from '../content.ts';

const ZEROS = new Uint8Array(64 * 1024);

/** Below this, one read is cheaper than a stream. */
const ONE_READ = 256 * 1024;

/** A piece is valid only until the next is asked for. */
export async function* contentPieces(content: Content): AsyncGenerator<Uint8Array> {
  switch (content.kind) {
    case 'bytes':
      if (content.size > 0) yield content.bytes;
      return;
    case 'slice':
      if (content.size > ONE_READ) yield* content.blob.stream(content.offset, content.size);
      else if (content.size > 0) yield await content.blob.read(content.offset, content.size);
      return;
    case 'sparse':
      yield* sparsePieces(content);
  }
}

async function* sparsePieces({ blob, size, extents }: Sparse): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const extent of extents) {
    yield* zeros(extent.at - at);
    yield* blob.stream(extent.offset, extent.size);
    at = extent.at + extent.size;
  }
  yield* zeros(size - at);
}

function* zeros(count: number): Generator<Uint8Array> {
  for (let rest = count; rest > 0; rest -= ZEROS.length) yield ZEROS.subarray(0, Math.min(rest, ZEROS.length));
}

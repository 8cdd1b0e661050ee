/** Small tools for streams of bytes. @module */
import type { Digester } from './digest.ts';
import { ImageError } from './errors.ts';

/**
 * All pieces as one buffer.
 * @param limit most bytes; exceeding it stops the stream
 * @throws ImageError LIMIT, naming `what`
 */
export async function collect(bytes: AsyncIterable<Uint8Array>, limit: number, what: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bytes) {
    size += piece.length;
    if (size > limit) throw new ImageError('LIMIT', `${what} has more than ${limit} bytes`);
    pieces.push(Uint8Array.from(piece)); // the producer may use its buffer again
  }
  return Buffer.concat(pieces);
}

/** The pieces in order, as a stream. */
export async function* pieces(...all: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all;
}

/** The same bytes, which the digester sees on the way. */
export async function* tapped(bytes: AsyncIterable<Uint8Array>, digester: Digester): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    digester.update(piece);
    yield piece;
  }
}

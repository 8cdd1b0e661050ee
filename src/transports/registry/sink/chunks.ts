/** Cutting a stream into pieces that can be sent twice. @module */

export interface Chunk {
  /** Valid until the next chunk is asked for. */
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

/**
 * Chunks of exactly `size` bytes, the last one of what is left; at least one, be it empty. The next chunk is read while one is
 * in use, and two buffers are all that is held.
 */
export function chunksOf(bytes: AsyncIterable<Uint8Array>, size: number): AsyncIterable<Chunk> {
  return ahead(cut(bytes, size));
}

async function* cut(bytes: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Chunk> {
  let [current, other]: (Buffer | undefined)[] = [undefined, undefined];
  let filled = 0;
  for await (const piece of bytes) {
    for (let at = 0; at < piece.length; ) {
      if (current !== undefined && filled === size) {
        yield { bytes: current, isLast: false };
        [current, other] = [other, current];
        filled = 0;
      }
      current ??= Buffer.allocUnsafe(size);
      const taken = piece.subarray(at, at + size - filled);
      current.set(taken, filled);
      filled += taken.length;
      at += taken.length;
    }
  }
  yield { bytes: current?.subarray(0, filled) ?? new Uint8Array(), isLast: true };
}

/** The same items; while one is in use, the next is made. */
async function* ahead<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = items.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done === true) return;
      next = items.next();
      next.catch(() => undefined); // awaited when its turn comes, unless nobody asks for it
      yield value;
    }
  } finally {
    await items.return(undefined);
  }
}

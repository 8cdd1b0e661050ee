/** Cutting a stream into pieces that can be sent twice. @module */

export interface Chunk {
  /** Valid until the next chunk is asked for. */
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

/** Buffers that one upload has done with, for the next one: what is left to the garbage collector stays for a while. */
export class SpareBuffers {
  readonly #size: number;
  readonly #spare: Buffer[] = [];

  /** @param size of those that are worth keeping */
  constructor(size: number) {
    this.#size = size;
  }

  take(size: number): Buffer {
    return (size === this.#size ? this.#spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(size);
  }

  give(buffer: Buffer): void {
    if (buffer.length === this.#size) this.#spare.push(buffer);
  }
}

/**
 * Chunks of exactly `size` bytes, the last one of what is left; at least one, be it empty. The next chunk is read while one is
 * in use, and two buffers are all that is held.
 */
export async function* chunksOf(
  bytes: AsyncIterable<Uint8Array>,
  size: number,
  spare: SpareBuffers,
): AsyncGenerator<Chunk> {
  const buffers: Buffer[] = [];
  const take = (n: number) => {
    const buffer = buffers[n] ?? spare.take(size);
    buffers[n] = buffer;
    return buffer;
  };
  try {
    yield* ahead(cut(bytes, size, take));
  } finally {
    for (const buffer of buffers) spare.give(buffer);
  }
}

/** @param take the first or the second buffer: they are filled in turn */
async function* cut(
  bytes: AsyncIterable<Uint8Array>,
  size: number,
  take: (n: number) => Buffer,
): AsyncGenerator<Chunk> {
  let turn = 0;
  let filled = 0;
  for await (const piece of bytes) {
    for (let at = 0; at < piece.length; ) {
      if (filled === size) {
        yield { bytes: take(turn), isLast: false };
        turn = 1 - turn;
        filled = 0;
      }
      const taken = piece.subarray(at, at + size - filled);
      take(turn).set(taken, filled);
      filled += taken.length;
      at += taken.length;
    }
  }
  yield { bytes: filled === 0 ? new Uint8Array() : take(turn).subarray(0, filled), isLast: true };
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

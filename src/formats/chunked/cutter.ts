/** Where a file's content is cut into chunks. @module */

export interface Chunk {
  /** The caller's to keep. */
  readonly bytes: Buffer;
  /** Said of long runs of zeros only: a reader may make a hole of them. */
  readonly zeros: boolean;
}

/** Cuts one file's content, which comes in pieces of any size: the cuts depend on the content alone. */
export interface Cutter {
  push(piece: Uint8Array): Iterable<Chunk>;
  /** What is left; the cutter is as new afterwards. */
  end(): Iterable<Chunk>;
}

/** Chunks are never larger: whoever works on one needs so much memory. In bytes. */
export const LARGEST_CHUNK = 4 * 1024 * 1024;

/** Every chunk but the last has the same size, in bytes. */
export class FixedCutter implements Cutter {
  readonly #size: number;
  #held: Buffer = Buffer.alloc(0);
  #filled = 0;

  constructor(size: number = LARGEST_CHUNK) {
    this.#size = size;
  }

  *push(piece: Uint8Array): Generator<Chunk> {
    for (let at = 0; at < piece.length; ) {
      const count = Math.min(this.#size - this.#filled, piece.length - at);
      this.#held = withRoom(this.#held, this.#filled, count);
      this.#held.set(piece.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === this.#size) yield* this.end();
    }
  }

  *end(): Generator<Chunk> {
    if (this.#filled === 0) return;
    yield { bytes: Buffer.from(this.#held.subarray(0, this.#filled)), zeros: false };
    this.#filled = 0;
  }
}

/** A buffer with the same beginning and room for `count` bytes more. */
export function withRoom(buffer: Buffer, filled: number, count: number): Buffer {
  if (filled + count <= buffer.length) return buffer;
  const larger = Buffer.allocUnsafeSlow(Math.max(2 * buffer.length, filled + count, 64 * 1024));
  larger.set(buffer.subarray(0, filled));
  return larger;
}

/**
 * Cutting a blob by content into pieces of some 512 KiB, for places that store blobs as a whole: what has not changed is a
 * piece that is there already. A cut is where a gear hash (Xia et al., "Ddelta", 2014) of the bytes before it begins with 19
 * zero bits: where it is depends on the last 32 bytes alone. How it cuts is part of what is sent again; a change of it sends
 * everything again, and breaks nothing.
 * @module
 */

/** In bytes. */
export const SMALLEST_PIECE = 128 * 1024;
export const LARGEST_PIECE = 2 * 1024 * 1024;

/** Leaves the high 19 bits. */
const SHIFT = 32 - 19;
/** Bytes that a hash of 32 bits remembers. */
const MEMORY = 32;

/** Takes a blob in parts of any size. Pieces are the caller's. */
export class PieceCutter {
  readonly #held = Buffer.allocUnsafeSlow(LARGEST_PIECE);
  readonly #gear = gearTable();
  #filled = 0;

  *push(part: Uint8Array): Generator<Buffer> {
    for (let at = 0; at < part.length; ) {
      const count = Math.min(LARGEST_PIECE - this.#filled, part.length - at);
      this.#held.set(part.subarray(at, at + count), this.#filled);
      const from = this.#filled;
      const cut = this.#cut(from, from + count);
      this.#filled = cut ?? from + count;
      at += this.#filled - from;
      if (cut !== undefined) yield* this.end();
    }
  }

  /** What is left. */
  *end(): Generator<Buffer> {
    if (this.#filled > 0) yield Buffer.from(this.#held.subarray(0, this.#filled));
    this.#filled = 0;
    this.#hash = 0;
  }

  #hash = 0;

  /** The end of a piece among bytes that have come just now. */
  #cut(from: number, to: number): number | undefined {
    const held = this.#held;
    const gear = this.#gear;
    let hash = this.#hash;
    let at = Math.max(from, SMALLEST_PIECE - MEMORY);
    while (at < to) {
      hash = ((hash << 1) + (gear[held[at++] as number] as number)) | 0;
      if (hash >>> SHIFT === 0 && at >= SMALLEST_PIECE) return at;
    }
    this.#hash = hash;
    return to === LARGEST_PIECE ? to : undefined;
  }
}

let table: Int32Array | undefined;

/** 256 numbers without a pattern: the generator is Marsaglia's xorshift32. */
function gearTable(): Int32Array {
  if (table !== undefined) return table;
  let state = 0x9e3779b9;
  table = Int32Array.from({ length: 256 }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  });
  return table;
}

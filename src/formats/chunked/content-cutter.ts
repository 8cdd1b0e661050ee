/**
 * Cutting by content: a chunk ends where a checksum of the last 64 bytes has 16 low bits set, every 64 KiB on average. What is
 * inserted into a file changes the chunks it lies in, and those behind it come out as before. The checksum is that of bup
 * (bupsplit.c), and what it is applied to is what containers/storage does (pkg/chunked/compressor), so that layers of both
 * share chunks: zeros in a row, 1024 or more, are chunks of their own.
 * @module
 */
import { type Chunk, type Cutter, LARGEST_CHUNK, withRoom } from './cutter.ts';

const WINDOW = 64;
/** Added to every byte, so that zeros count. */
const OFFSET = 31;
const MASK = 0xffff;
const HOLE = 1024;

/** Sums of a window of zeros. */
const SUM_OF_ZEROS = WINDOW * OFFSET;
const WEIGHTED_SUM_OF_ZEROS = WINDOW * (WINDOW - 1) * OFFSET;

export class ContentCutter implements Cutter {
  #sum = SUM_OF_ZEROS;
  #weighted = WEIGHTED_SUM_OF_ZEROS;
  readonly #window = new Uint8Array(WINDOW);
  #next = 0;

  /** The chunk so far, but for the zeros at its end. */
  #held: Buffer = Buffer.alloc(0);
  #filled = 0;
  #zeros = 0;
  /** Whether the zeros are the rest of a hole whose beginning has been given out. */
  #inHole = false;

  *push(piece: Uint8Array): Generator<Chunk> {
    for (let at = 0; at < piece.length; ) {
      if (piece[at] === 0) {
        at++;
        this.#zeros++;
        if (this.#zeros === LARGEST_CHUNK) yield* this.#hole(true);
        continue;
      }
      if (this.#zeros > 0) yield* this.#settle();
      at = this.#roll(piece, at);
      if (this.#isFull() || this.#isSplit()) yield this.#take();
    }
  }

  *end(): Generator<Chunk> {
    yield* this.#settle();
    if (this.#filled > 0) yield this.#take();
    this.#clear();
  }

  /** Takes bytes up to a zero or the end of a chunk. @returns where it stopped */
  #roll(piece: Uint8Array, from: number): number {
    const most = Math.min(piece.length, from + LARGEST_CHUNK - this.#filled);
    const window = this.#window;
    let sum = this.#sum;
    let weighted = this.#weighted;
    let next = this.#next;
    let at = from;
    while (at < most) {
      const byte = piece[at] as number;
      if (byte === 0) break;
      at++;
      const drop = window[next] as number;
      window[next] = byte;
      next = (next + 1) & (WINDOW - 1);
      sum = (sum + byte - drop) | 0;
      weighted = (weighted + sum - WINDOW * (drop + OFFSET)) | 0;
      if ((weighted & MASK) === MASK) break;
    }
    this.#sum = sum;
    this.#weighted = weighted;
    this.#next = next;
    this.#held = withRoom(this.#held, this.#filled, at - from);
    this.#held.set(piece.subarray(from, at), this.#filled);
    this.#filled += at - from;
    return at;
  }

  #isSplit(): boolean {
    return this.#filled > 0 && (this.#weighted & MASK) === MASK;
  }

  #isFull(): boolean {
    return this.#filled === LARGEST_CHUNK;
  }

  /** Decides on the zeros behind what is held: a hole, or bytes like others. */
  *#settle(): Generator<Chunk> {
    if (this.#inHole || this.#zeros >= HOLE) {
      yield* this.#hole(false);
      return;
    }
    this.#held = withRoom(this.#held, this.#filled, this.#zeros);
    for (; this.#zeros > 0; this.#zeros--) {
      this.#rollZero();
      this.#held[this.#filled++] = 0;
      if (this.#isFull() || this.#isSplit()) yield this.#take();
    }
  }

  #rollZero(): void {
    const drop = this.#window[this.#next] as number;
    this.#window[this.#next] = 0;
    this.#next = (this.#next + 1) & (WINDOW - 1);
    this.#sum = (this.#sum - drop) | 0;
    this.#weighted = (this.#weighted + this.#sum - WINDOW * (drop + OFFSET)) | 0;
  }

  *#hole(goesOn: boolean): Generator<Chunk> {
    if (this.#filled > 0) yield this.#take();
    if (this.#zeros > 0) yield { bytes: Buffer.alloc(this.#zeros), zeros: true };
    this.#clear();
    this.#inHole = goesOn;
  }

  #take(): Chunk {
    const bytes = Buffer.from(this.#held.subarray(0, this.#filled));
    this.#filled = 0;
    return { bytes, zeros: false };
  }

  /** As if nothing but zeros had come so far. */
  #clear(): void {
    this.#sum = SUM_OF_ZEROS;
    this.#weighted = WEIGHTED_SUM_OF_ZEROS;
    this.#window.fill(0);
    this.#zeros = 0;
    this.#inHole = false;
  }
}

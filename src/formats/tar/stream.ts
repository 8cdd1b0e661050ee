/**
 * Reading a tar archive that goes by: for a layer that is being decompressed, hashed and spooled at the same time.
 * @module
 */
import type { TarEntry } from './entry.ts';
import { type TarOptions, TarParser } from './parser.ts';

/** Takes an archive in pieces of any size; keeps nothing of them but headers that are split between pieces. */
export class TarStream {
  readonly #parser: TarParser;
  /** Offset of the next piece in the archive. */
  #at = 0;
  /** Bytes that are wanted and have come, where they came in more than one piece. */
  #held: Uint8Array | undefined;
  #filled = 0;

  constructor(options: Omit<TarOptions, 'size'> = {}) {
    this.#parser = new TarParser(options);
  }

  /**
   * @returns the entries whose headers end in this piece, in archive order; their bodies may still be to come
   * @throws ImageError INVALID, LIMIT, UNSUPPORTED
   */
  push(piece: Uint8Array): TarEntry[] {
    const parser = this.#parser;
    const entries: TarEntry[] = [];
    const end = this.#at + piece.length;
    while (!parser.done && parser.offset + this.#filled <= end) {
      const need = parser.length - this.#filled;
      const from = parser.offset + this.#filled - this.#at;
      if (from + need > piece.length) {
        this.#hold(piece.subarray(from));
        break;
      }
      const entry = this.#take(piece, from, need);
      if (entry !== undefined) entries.push(entry);
    }
    this.#at = end;
    return entries;
  }

  /** Says that the last piece has been pushed. @throws ImageError INVALID where the archive is cut off */
  end(): void {
    this.#parser.end(this.#at);
  }

  #take(piece: Uint8Array, from: number, need: number): TarEntry | undefined {
    if (this.#held === undefined) return this.#parser.take(piece, from);
    this.#held.set(piece.subarray(from, from + need), this.#filled);
    const whole = this.#held;
    this.#held = undefined;
    this.#filled = 0;
    return this.#parser.take(whole, 0);
  }

  #hold(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#held ??= new Uint8Array(this.#parser.length);
    this.#held.set(part, this.#filled);
    this.#filled += part.length;
  }
}

/** What decompressing may yield, so that a small blob cannot fill a disk. @module */
import { ImageError } from '../../base/errors.ts';

export interface DecompressLimits {
  /** Bytes that may come out in all. */
  readonly output: number;
  /** Bytes that may come out for each byte that went in, once {@link grace} bytes have come out. */
  readonly ratio: number;
  readonly grace: number;
}

const GIB = 1024 ** 3;

/** gzip cannot do better than 1032:1, and layers of real images hardly ever exceed 20:1. */
export const DECOMPRESS_LIMITS: DecompressLimits = { output: 256 * GIB, ratio: 250, grace: GIB };

/** Counts what goes in and what comes out of one blob. */
export class Meter {
  #input = 0;
  #output = 0;
  /** Bytes that have gone in, without the zeros at the end. */
  significant = 0;
  readonly #limits: DecompressLimits;

  constructor(limits: DecompressLimits) {
    this.#limits = limits;
  }

  /** Counts on the way in. */
  async *input(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of bytes) {
      let end = piece.length;
      while (end > 0 && piece[end - 1] === 0) end--;
      if (end > 0) this.significant = this.#input + end;
      this.#input += piece.length;
      yield piece;
    }
  }

  /** @throws ImageError LIMIT */
  output(count: number): void {
    this.#output += count;
    const { output, ratio, grace } = this.#limits;
    if (this.#output > output) throw bomb(`more than ${output} bytes`);
    if (this.#output > grace && this.#output > this.#input * ratio) {
      throw bomb(`${this.#output} bytes from ${this.#input}, more than ${ratio} for each`);
    }
  }
}

function bomb(what: string): ImageError {
  return new ImageError('LIMIT', `compressed data refused: it expands to ${what}`, {
    hint: 'if you trust where it comes from, decompress it yourself and use the result',
  });
}

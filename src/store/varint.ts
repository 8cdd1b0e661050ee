/** Numbers and strings in few bytes: little-endian groups of seven bits, as in DWARF's LEB128. @module */
import { decodeName, encodeName, hasEscapes } from '../base/names.ts';

export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #at = 0;

  /** @param value a whole number from 0 to 2^53 - 1 */
  number(value: number): void {
    this.#reserve(8);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
    this.#bytes[this.#at++] = rest;
  }

  /** Negative numbers too: 0, -1, 1, -2 … */
  signed(value: number): void {
    this.number(value < 0 ? 1 : 0);
    this.number(Math.abs(value));
  }

  raw(bytes: Uint8Array): void {
    this.number(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** A name in the form of `base/names.ts`; the lowest bit of its length says whether bytes that are no UTF-8 are in it. */
  name(text: string): void {
    const escaped = hasEscapes(text);
    const bytes = encodeName(text);
    this.number(bytes.length * 2 + (escaped ? 1 : 0));
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  done(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + count));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

/** Reads what {@link ByteWriter} wrote, and nothing else: the bytes are known to be whole. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  number(): number {
    let byte = this.#bytes[this.#at++] as number;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
      byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) * scale;
    }
    return value;
  }

  signed(): number {
    const negative = this.number() === 1;
    const size = this.number();
    return negative ? -size : size;
  }

  raw(): Uint8Array {
    const length = this.number();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  name(): string {
    const coded = this.number();
    const length = Math.floor(coded / 2);
    this.#at += length;
    if (coded % 2 === 1) return decodeName(this.#bytes.subarray(this.#at - length, this.#at));
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }
}

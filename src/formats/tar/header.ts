/**
 * The 512-byte header block of every tar dialect: Unix v7, POSIX ustar (pax(1), "ustar Interchange Format"), old GNU
 * (GNU tar manual, "Basic Tar Format") and star (star(5)). Reading only; `encode.ts` writes.
 * @module
 */
import { decodeName } from '../../base/names.ts';
import { parseNumber } from './numbers.ts';

/** Everything in a tar starts at a multiple of this. */
export const BLOCK = 512;

/** Where each field lies: offset and width in bytes. */
export const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  typeflag: [156, 1],
  linkname: [157, 100],
  magic: [257, 8],
  uname: [265, 32],
  gname: [297, 32],
  devmajor: [329, 8],
  devminor: [337, 8],
  prefix: [345, 155],
  starPrefix: [345, 131],
  starAtime: [476, 12],
  starCtime: [488, 12],
  gnuAtime: [345, 12],
  gnuCtime: [357, 12],
  gnuOffset: [369, 12],
} as const satisfies Record<string, readonly [number, number]>;

export type Field = readonly [offset: number, width: number];

export type Dialect = 'v7' | 'ustar' | 'gnu' | 'star';

const MAGIC_USTAR = Buffer.from('ustar\0', 'latin1');
const MAGIC_GNU = Buffer.from('ustar  \0', 'latin1');
const TRAILER_STAR = Buffer.from('tar\0', 'latin1');

export function dialectOf(block: Uint8Array, at: number): Dialect {
  const magic = at + FIELD.magic[0];
  if (matches(block, magic, MAGIC_GNU)) return 'gnu';
  if (!matches(block, magic, MAGIC_USTAR)) return 'v7';
  return matches(block, at + 508, TRAILER_STAR) ? 'star' : 'ustar';
}

function matches(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

export function isZeroBlock(block: Uint8Array, at: number): boolean {
  for (let i = at; i < at + BLOCK; i++) if (block[i] !== 0) return false;
  return true;
}

/** Bytes to read headers from, with a view of them in words where their place in memory allows. */
export interface Window {
  readonly bytes: Buffer;
  readonly words: Int32Array | undefined;
}

export function windowOf(bytes: Uint8Array): Window {
  const { buffer, byteOffset, length } = bytes;
  return {
    bytes: Buffer.from(buffer, byteOffset, length),
    words: byteOffset % 4 === 0 ? new Int32Array(buffer, byteOffset, length >> 2) : undefined,
  };
}

/**
 * Whether the stored checksum is the sum of the block's bytes with the checksum field taken as spaces. Some historic
 * implementations summed signed bytes: that is accepted too, as POSIX advises.
 */
export function checksumHolds({ bytes, words }: Window, at: number): boolean {
  const [offset, width] = FIELD.checksum;
  const stored = parseNumber(bytes, at + offset, width);
  let sum = words !== undefined && at % 4 === 0 ? sumOfWords(words, at >> 2) : sumOfBytes(bytes, at);
  for (let i = at + offset; i < at + offset + width; i++) sum += 32 - (bytes[i] as number);
  return sum === stored || sum - 256 * highBytes(bytes, at) === stored;
}

/** Four bytes at a time: even and odd bytes are added in the two halves of a word, which 256 bytes each cannot overflow. */
function sumOfWords(words: Int32Array, at: number): number {
  let sum = 0;
  for (let i = at; i < at + BLOCK / 4; i++) {
    const word = words[i] as number;
    sum += (word & 0xff00ff) + ((word >>> 8) & 0xff00ff);
  }
  return (sum & 0xffff) + (sum >>> 16);
}

function sumOfBytes(bytes: Uint8Array, at: number): number {
  let sum = 0;
  for (let i = at; i < at + BLOCK; i++) sum += bytes[i] as number;
  return sum;
}

/** How many bytes outside the checksum field are negative as signed chars. */
function highBytes(bytes: Uint8Array, at: number): number {
  const start = at + FIELD.checksum[0];
  let count = 0;
  for (let i = at; i < at + BLOCK; i++) {
    if ((bytes[i] as number) > 127 && (i < start || i >= start + FIELD.checksum[1])) count++;
  }
  return count;
}

/** The text of a field, up to its first NUL. */
export function textField(bytes: Buffer, at: number, field: Field): string {
  return textBetween(bytes, at + field[0], at + field[0] + field[1]);
}

/** Bytes from `start` up to the first NUL or to `limit`, as a name. */
export function textBetween(bytes: Buffer, start: number, limit: number): string {
  let end = start;
  let seen = 0;
  for (; end < limit; end++) {
    const byte = bytes[end] as number;
    if (byte === 0) break;
    seen |= byte;
  }
  if (end === start) return '';
  return seen < 0x80 ? bytes.toString('latin1', start, end) : decodeName(bytes.subarray(start, end));
}

/** A text field that says the same in most headers: decoded again only where it differs from the one before. */
export class RepeatedText {
  readonly #field: Field;
  readonly #known: Uint8Array;
  #text = '';

  constructor(field: Field) {
    this.#field = field;
    this.#known = new Uint8Array(field[1]);
  }

  read(bytes: Buffer, at: number): string {
    const start = at + this.#field[0];
    const known = this.#known;
    for (let i = 0; i < known.length; i++) {
      const byte = bytes[start + i] as number;
      if (byte !== known[i]) {
        this.#text = textField(bytes, at, this.#field);
        known.set(bytes.subarray(start, start + known.length));
        break;
      }
      if (byte === 0) break;
    }
    return this.#text;
  }
}

/** The number in a field; NaN where it is malformed or not a safe integer. */
export function numberField(bytes: Uint8Array, at: number, field: Field): number {
  return parseNumber(bytes, at + field[0], field[1]);
}

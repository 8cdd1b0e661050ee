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

/**
 * Whether the stored checksum is the sum of the block's bytes with the checksum field taken as spaces. Some historic
 * implementations summed signed bytes: that is accepted too, as POSIX advises.
 */
export function checksumHolds(block: Uint8Array, at: number): boolean {
  const stored = parseNumber(block, at + FIELD.checksum[0], FIELD.checksum[1]);
  const [start, width] = FIELD.checksum;
  let sum = 0;
  for (let i = at; i < at + BLOCK; i++) sum += block[i] as number;
  for (let i = at + start; i < at + start + width; i++) sum += 32 - (block[i] as number);
  return sum === stored || sum - 256 * highBytes(block, at) === stored;
}

/** How many bytes outside the checksum field are negative as signed chars. */
function highBytes(block: Uint8Array, at: number): number {
  const start = at + FIELD.checksum[0];
  let count = 0;
  for (let i = at; i < at + BLOCK; i++) {
    if ((block[i] as number) > 127 && (i < start || i >= start + FIELD.checksum[1])) count++;
  }
  return count;
}

/** The text of a field, up to its first NUL. */
export function textField(block: Uint8Array, at: number, [offset, width]: Field): string {
  const start = at + offset;
  return textBetween(block, start, start + width);
}

/** Bytes of `bytes` from `start` up to the first NUL or to `limit`, as a name. */
export function textBetween(bytes: Uint8Array, start: number, limit: number): string {
  let end = start;
  let seen = 0;
  for (; end < limit; end++) {
    const byte = bytes[end] as number;
    if (byte === 0) break;
    seen |= byte;
  }
  if (end === start) return '';
  const part = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  return seen < 0x80 ? part.toString('latin1') : decodeName(part);
}

/** The number in a field; NaN where it is malformed or not a safe integer. */
export function numberField(block: Uint8Array, at: number, [offset, width]: Field): number {
  return parseNumber(block, at + offset, width);
}

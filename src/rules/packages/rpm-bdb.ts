/**
 * The values of a Berkeley DB hash table, as rpm kept its `Packages` until 4.16. Read page by page: hash order does not
 * matter. Numbers are in the byte order of the machine that wrote it. Berkeley DB, src/dbinc/db_page.h.
 * @module
 */
import { ImageError } from '../../base/errors.ts';

const HASH_MAGIC = 0x061561;
const META_SIZE = 512;
const PAGE_HEADER = 26;

/** Page types. */
const HASH_UNSORTED = 2;
const OVERFLOW = 7;
const HASH = 13;

/** Item types on a hash page. */
const KEY_DATA = 1;
const OFF_PAGE = 3;

interface Database {
  readonly file: Buffer;
  readonly pageSize: number;
  readonly u16: (at: number) => number;
  readonly u32: (at: number) => number;
  /** Overflow pages taken, so that no chain can be read twice. */
  readonly seen: Set<number>;
}

export function isBerkeleyHash(file: Buffer): boolean {
  return file.length >= META_SIZE && (file.readUInt32LE(12) === HASH_MAGIC || file.readUInt32BE(12) === HASH_MAGIC);
}

/** The values of all keys, in the file's order. @throws ImageError INVALID, UNSUPPORTED where it is encrypted */
export function readBerkeleyValues(file: Buffer): Buffer[] {
  const little = file.readUInt32LE(12) === HASH_MAGIC;
  const u32 = (at: number) => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  const u16 = (at: number) => (little ? file.readUInt16LE(at) : file.readUInt16BE(at));
  const pageSize = u32(20);
  if (pageSize < META_SIZE || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) {
    throw invalid(`its page size is ${pageSize}`);
  }
  if (file.readUInt8(24) !== 0) throw new ImageError('UNSUPPORTED', "rpm's database Packages is encrypted");
  const database: Database = { file, pageSize, u16, u32, seen: new Set() };
  const last = Math.min(u32(32), Math.floor(file.length / pageSize) - 1);
  const values: Buffer[] = [];
  for (let page = 1; page <= last; page++) {
    const type = file.readUInt8(page * pageSize + 25);
    if (type === HASH || type === HASH_UNSORTED) pageValues(database, page * pageSize, values);
  }
  return values;
}

/** Items alternate: key, value. Their offsets stand behind the page's header; each ends where the one before it begins. */
function pageValues(database: Database, page: number, values: Buffer[]): void {
  const { file, pageSize, u16 } = database;
  const items = u16(page + 20);
  if (PAGE_HEADER + items * 2 > pageSize) throw invalid(`a page cannot hold ${items} items`);
  for (let item = 1; item < items; item += 2) {
    const at = u16(page + PAGE_HEADER + item * 2);
    const end = u16(page + PAGE_HEADER + (item - 1) * 2);
    if (at < PAGE_HEADER || at >= end || end > pageSize) throw invalid('an item lies outside its page');
    const type = file.readUInt8(page + at);
    if (type === OFF_PAGE && end - at >= 12) values.push(overflowChain(database, page + at));
    else if (type === KEY_DATA) values.push(file.subarray(page + at + 1, page + end));
    else throw invalid(`a value is of the unknown type ${type}`);
  }
}

/** HOFFPAGE: type, three unused bytes, first page, total length. */
function overflowChain({ file, pageSize, u16, u32, seen }: Database, at: number): Buffer {
  const parts: Buffer[] = [];
  let left = u32(at + 8);
  let number = u32(at + 4);
  while (left > 0) {
    const page = number * pageSize;
    if (number === 0 || page + pageSize > file.length || seen.has(number)) throw invalid('a chain of pages is broken');
    seen.add(number);
    const used = u16(page + 22);
    if (file.readUInt8(page + 25) !== OVERFLOW || used === 0 || PAGE_HEADER + used > pageSize) {
      throw invalid(`page ${number} does not go on with a value`);
    }
    const part = file.subarray(page + PAGE_HEADER, page + PAGE_HEADER + Math.min(used, left));
    parts.push(part);
    left -= part.length;
    number = u32(page + 16);
  }
  return Buffer.concat(parts);
}

function invalid(why: string): ImageError {
  return new ImageError('INVALID', `rpm's database Packages cannot be read: ${why}`);
}

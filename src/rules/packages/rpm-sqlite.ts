/**
 * The blobs of rpm's table `Packages (hnum INTEGER PRIMARY KEY, blob BLOB)` out of an SQLite database, read-only and without
 * SQLite: its file format is stable and documented, https://sqlite.org/fileformat2.html ("the format" below).
 * @module
 */
import { ImageError } from '../../base/errors.ts';

const MAGIC = 'SQLite format 3\0';
const HEADER_SIZE = 100;
const INTERIOR = 0x05;
const LEAF = 0x0d;

/** Pages by number, from 1; a page is handed out once for content, so that no cycle and no sharing can multiply it. */
export interface Pages {
  readonly size: number;
  /** Bytes of a page that are used: the format, 1.3.4 "Reserved bytes per page". */
  readonly usable: number;
  /** @throws ImageError INVALID where there is no such page */
  page(number: number): Buffer;
}

/** The pages of a database file, those of `overlay` (a write-ahead log) in front. @throws ImageError INVALID */
export function sqlitePages(file: Buffer, overlay: ReadonlyMap<number, Buffer> = new Map()): Pages {
  if (!isSqlite(file)) throw invalid('it does not begin with its magic');
  const stored = file.readUInt16BE(16);
  const size = stored === 1 ? 65536 : stored;
  if (size < 512 || (size & (size - 1)) !== 0) throw invalid(`its page size is ${size}`);
  const usable = size - file.readUInt8(20);
  if (usable < 480) throw invalid(`${usable} bytes of a page are usable`);
  const page = (number: number) => {
    const logged = overlay.get(number);
    if (logged !== undefined) return logged;
    if (number < 1 || number * size > file.length) throw invalid(`page ${number} is not in it`);
    return file.subarray((number - 1) * size, number * size);
  };
  return { size, usable, page };
}

export function isSqlite(file: Buffer): boolean {
  return file.length >= HEADER_SIZE && file.toString('latin1', 0, 16) === MAGIC;
}

export function readPackageBlobs(pages: Pages): Buffer[] {
  const seen = new Set<number>();
  let root: number | undefined;
  for (const record of rows(pages, 1, seen)) {
    const [type, name, , rootPage] = fieldsOf(record, 4);
    if (textOf(type) === 'table' && textOf(name) === 'Packages') root = numberOf(rootPage);
  }
  if (root === undefined) throw invalid('it has no table "Packages"');
  const blobs: Buffer[] = [];
  for (const record of rows(pages, root, seen)) {
    const blob = fieldsOf(record, 2)[1];
    if (blob === undefined || blob.serial < 12 || blob.serial % 2 !== 0) throw invalid('a package is no blob');
    blobs.push(blob.bytes);
  }
  return blobs;
}

/** Records of a table b-tree in key order: the format, 1.6 "B-tree Pages". */
function* rows(pages: Pages, root: number, seen: Set<number>): Generator<Buffer> {
  const todo = [root];
  for (let number = todo.pop(); number !== undefined; number = todo.pop()) {
    const page = once(pages, number, seen);
    const header = number === 1 ? HEADER_SIZE : 0;
    const kind = page.readUInt8(header);
    if (kind !== INTERIOR && kind !== LEAF) throw invalid(`page ${number} is no page of a table`);
    const cells = page.readUInt16BE(header + 3);
    const array = header + (kind === INTERIOR ? 12 : 8);
    if (array + cells * 2 > pages.usable) throw invalid(`page ${number} cannot hold ${cells} cells`);
    const at = (cell: number) => page.readUInt16BE(array + cell * 2);
    if (kind === LEAF) {
      for (let cell = 0; cell < cells; cell++) yield recordAt(pages, page, at(cell), seen);
      continue;
    }
    todo.push(page.readUInt32BE(header + 8));
    for (let cell = cells - 1; cell >= 0; cell--) todo.push(numberAt(page, at(cell)));
  }
}

/** A cell's payload, put together from its overflow pages: the format, 1.6 "Cell Payload Overflow Pages". */
function recordAt(pages: Pages, page: Buffer, offset: number, seen: Set<number>): Buffer {
  const size = varint(page, offset);
  const key = varint(page, size.end);
  const most = pages.usable - 35;
  const least = Math.floor(((pages.usable - 12) * 32) / 255) - 23;
  const rest = least + ((size.value - least) % (pages.usable - 4));
  const local = size.value <= most ? size.value : rest <= most ? rest : least;
  if (key.end + local > pages.usable) throw invalid('a record does not fit into its page');
  const parts = [page.subarray(key.end, key.end + local)];
  let left = size.value - local;
  let next = left > 0 ? numberAt(page, key.end + local) : 0;
  while (left > 0) {
    const overflow = once(pages, next, seen);
    const part = overflow.subarray(4, Math.min(pages.usable, 4 + left));
    parts.push(part);
    left -= part.length;
    next = overflow.readUInt32BE(0);
  }
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
}

function once(pages: Pages, number: number, seen: Set<number>): Buffer {
  if (seen.has(number)) throw invalid(`page ${number} is used twice`);
  seen.add(number);
  return pages.page(number);
}

interface Field {
  /** The format, 2.1 "Record Format": 0 is NULL, 1–6 integers, 8 and 9 the constants 0 and 1, even from 12 a blob, odd from 13 text. */
  readonly serial: number;
  readonly bytes: Buffer;
}

const INTEGER_SIZES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

/** The first fields of a record, at most `count`. */
function fieldsOf(record: Buffer, count: number): Field[] {
  const header = varint(record, 0);
  const fields: Field[] = [];
  let at = header.end;
  let data = header.value;
  while (at < header.value && fields.length < count) {
    const serial = varint(record, at);
    const size = serial.value >= 12 ? Math.floor((serial.value - 12) / 2) : (INTEGER_SIZES[serial.value] ?? 0);
    if (data + size > record.length) throw invalid('a field does not fit into its record');
    fields.push({ serial: serial.value, bytes: record.subarray(data, data + size) });
    at = serial.end;
    data += size;
  }
  return fields;
}

function textOf(field: Field | undefined): string | undefined {
  return field !== undefined && field.serial >= 13 && field.serial % 2 === 1 ? field.bytes.toString('utf8') : undefined;
}

function numberOf(field: Field | undefined): number | undefined {
  if (field === undefined || field.serial === 0 || field.serial > 9) return undefined;
  if (field.serial >= 8) return field.serial - 8;
  return field.bytes.length > 6 ? undefined : field.bytes.readUIntBE(0, field.bytes.length);
}

function numberAt(page: Buffer, offset: number): number {
  if (offset + 4 > page.length) throw invalid('a page number lies outside its page');
  return page.readUInt32BE(offset);
}

/** Big-endian, seven bits a byte, at most nine bytes: the format, 1.6 "A variable-length integer". */
function varint(bytes: Buffer, offset: number): { value: number; end: number } {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = bytes[offset + i];
    if (byte === undefined) throw invalid('a number is cut short');
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: offset + i + 1 };
  }
  throw invalid('a number is too large');
}

function invalid(why: string): ImageError {
  return new ImageError('INVALID', `rpm's SQLite database cannot be read: ${why}`);
}

/**
 * Names of the functions that a Go program carries, from its pc-line table: it stays when the program is stripped, since
 * stack traces need it. Layouts as in Go's debug/gosym (Go 1.2, 1.16, 1.18 and 1.20).
 * @module
 */

/** First word of the table, by the Go version that brought the layout. */
const GO_1_2 = 0xfffffffb;
const GO_1_16 = 0xfffffffa;
const GO_1_18 = 0xfffffff0;
const GO_1_20 = 0xfffffff1;

/** More functions than any program has; a lying count must not cost memory. */
const MAX_FUNCTIONS = 4_000_000;

interface Header {
  readonly view: DataView;
  readonly little: boolean;
  readonly magic: number;
  readonly pointerSize: 4 | 8;
}

/**
 * @param table bytes that start with a pc-line table
 * @param endian byte order of the ELF file
 * @returns full names (`net/http.(*Client).Do`), in the table's order; empty where the bytes are no such table
 */
export function goFunctionNames(table: Uint8Array, endian: 'little' | 'big'): string[] {
  const header = readHeader(table, endian);
  if (header === undefined) return [];
  return header.magic === GO_1_2 ? namesFromFunctions(table, header) : namesFromTable(table, header);
}

/** Where in the bytes something that looks like a pc-line table's header starts, or -1. */
export function findPclntab(bytes: Uint8Array, endian: 'little' | 'big'): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const magic of [GO_1_20, GO_1_18, GO_1_16, GO_1_2]) {
    const needle = Buffer.alloc(6);
    if (endian === 'little') needle.writeUInt32LE(magic);
    else needle.writeUInt32BE(magic);
    for (let at = buffer.indexOf(needle); at >= 0; at = buffer.indexOf(needle, at + 1)) {
      if (readHeader(bytes.subarray(at), endian) !== undefined) return at;
    }
  }
  return -1;
}

function readHeader(table: Uint8Array, endian: 'little' | 'big'): Header | undefined {
  if (table.length < 8) return undefined;
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  const little = endian === 'little';
  const magic = view.getUint32(0, little);
  if (![GO_1_2, GO_1_16, GO_1_18, GO_1_20].includes(magic)) return undefined;
  const quantum = view.getUint8(6);
  const pointerSize = view.getUint8(7);
  if (view.getUint16(4, little) !== 0 || ![1, 2, 4].includes(quantum)) return undefined;
  if (pointerSize !== 4 && pointerSize !== 8) return undefined;
  return { view, little, magic, pointerSize };
}

/** The n-th pointer-sized word after the eight bytes of the header; -1 where the table ends before, or it is absurd. */
function word(header: Header, index: number): number {
  const at = 8 + index * header.pointerSize;
  return pointerAt(header, at);
}

function pointerAt({ view, little, pointerSize }: Header, at: number): number {
  if (at < 0 || at + pointerSize > view.byteLength) return -1;
  if (pointerSize === 4) return view.getUint32(at, little);
  const value = view.getBigUint64(at, little);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? -1 : Number(value);
}

/** From 1.16 on the names stand together, each ended by a NUL, between two offsets of the header. */
function namesFromTable(table: Uint8Array, header: Header): string[] {
  const first = header.magic === GO_1_16 ? 2 : 3;
  const start = word(header, first);
  const end = word(header, first + 1);
  if (start < 0 || end <= start || end > table.length) return [];
  const text = Buffer.from(table.buffer, table.byteOffset + start, end - start).toString('utf8');
  return text.split('\0').filter((name) => name !== '');
}

/** Until 1.15 a table of (address, offset) pairs leads to the functions' records, which hold offsets of their names. */
function namesFromFunctions(table: Uint8Array, header: Header): string[] {
  const count = word(header, 0);
  const names: string[] = [];
  if (count < 0 || count > MAX_FUNCTIONS) return names;
  for (let i = 0; i < count; i++) {
    const record = word(header, 2 + 2 * i);
    const at = record + header.pointerSize;
    if (record < 0 || at + 4 > table.length) break;
    const name = nameAt(table, header.view.getInt32(at, header.little));
    if (name !== '') names.push(name);
  }
  return names;
}

function nameAt(table: Uint8Array, offset: number): string {
  if (offset < 0 || offset >= table.length) return '';
  const end = table.indexOf(0, offset);
  return end < 0 || end - offset > 4096 ? '' : Buffer.from(table.subarray(offset, end)).toString('utf8');
}

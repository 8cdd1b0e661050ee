/** rpm databases made by code, as rpm itself writes them: for tests and fuzzing. @module */
import { TAG } from '../src/rules/packages/rpm-header.ts';

type Value = string | readonly string[] | readonly number[];

const INT32 = 4;
const STRING = 6;
const STRING_ARRAY = 8;

/** A header blob: tag → a string, a list of strings, or 32-bit numbers. */
export function encodeHeader(tags: Readonly<Record<number, Value>>): Buffer {
  const entries: Buffer[] = [];
  const data: Buffer[] = [];
  let offset = 0;
  for (const [tag, value] of Object.entries(tags)) {
    const numbers = typeof value !== 'string' && typeof value[0] === 'number';
    if (numbers) {
      const padding = Buffer.alloc((4 - (offset % 4)) % 4);
      data.push(padding);
      offset += padding.length;
    }
    const type = numbers ? INT32 : typeof value === 'string' ? STRING : STRING_ARRAY;
    entries.push(words([Number(tag), type, offset, typeof value === 'string' ? 1 : value.length], 'big'));
    const bytes = numbers ? words(value as readonly number[], 'big') : Buffer.from(`${[value].flat().join('\0')}\0`);
    data.push(bytes);
    offset += bytes.length;
  }
  return Buffer.concat([words([entries.length, offset], 'big'), ...entries, ...data]);
}

export interface Sample {
  readonly name: string;
  /** Default `src`. */
  readonly source?: string;
  readonly files: readonly string[];
  readonly configuration?: readonly string[];
  readonly requires?: readonly string[];
  readonly provides?: readonly string[];
}

/** A package `NAME-1:2.0-3.x86_64` of a source package of the same version. */
export function encodePackage({
  name,
  source = 'src',
  files,
  configuration = [],
  requires = [],
  provides = [],
}: Sample): Buffer {
  const split = files.map((path) => [path.slice(0, path.lastIndexOf('/') + 1), path.slice(path.lastIndexOf('/') + 1)]);
  const directories = [...new Set(split.map(([directory]) => directory as string))];
  return encodeHeader({
    [TAG.name]: name,
    [TAG.version]: '2.0',
    [TAG.release]: '3',
    [TAG.epoch]: [1],
    [TAG.license]: 'MIT',
    [TAG.architecture]: 'x86_64',
    [TAG.sourceRpm]: `${source}-2.0-3.src.rpm`,
    [TAG.provideName]: [name, ...provides],
    [TAG.requireFlags]: [1 << 24, ...requires.map(() => 0)],
    [TAG.requireName]: ['rpmlib(CompressedFileNames)', ...requires],
    [TAG.fileFlags]: files.map((path) => (configuration.includes(path) ? 1 : 0)),
    [TAG.directoryIndexes]: split.map(([directory]) => directories.indexOf(directory as string)),
    [TAG.baseNames]: split.map(([, base]) => base as string),
    [TAG.directoryNames]: directories,
  });
}

/** `Packages.db`: a page of slots, then the blobs in blocks of 16 bytes, each with its head and tail. */
export function encodeNdb(blobs: readonly Buffer[]): Buffer {
  const header = words([0x506d7052, 0, 1, 1, blobs.length + 1, 0, 0, 0], 'little');
  const slots: Buffer[] = [];
  const bodies: Buffer[] = [];
  let block = 4096 / 16;
  blobs.forEach((blob, i) => {
    const padding = Buffer.alloc((16 - ((blob.length + 12) % 16)) % 16);
    const head = words([0x53626c42, i + 1, 1, blob.length], 'little');
    const body = Buffer.concat([head, blob, padding, words([0, blob.length, 0x45626c42], 'little')]);
    slots.push(words([0x746f6c53, i + 1, block, body.length / 16], 'little'));
    bodies.push(body);
    block += body.length / 16;
  });
  const free = Array.from({ length: 4096 / 16 - 2 - blobs.length }, () => words([0x746f6c53, 0, 0, 0], 'little'));
  return Buffer.concat([header, ...slots, ...free, ...bodies]);
}

/** A Berkeley DB hash table: a meta page, one hash page with every item off the page, and the overflow pages. */
export function encodeBerkeley(blobs: readonly Buffer[], order: 'little' | 'big' = 'little'): Buffer {
  const size = 4096;
  const pages: Buffer[] = [Buffer.alloc(size), Buffer.alloc(size)];
  const [meta, hash] = pages as [Buffer, Buffer];
  const put = (page: Buffer, at: number, value: number) => words([value], order).copy(page, at);
  const put16 = (page: Buffer, at: number, value: number) =>
    words([value], order).copy(page, at, order === 'big' ? 2 : 0, order === 'big' ? 4 : 2);
  let end = size;
  blobs.forEach((blob, i) => {
    const key = Buffer.concat([Buffer.of(1), words([i + 1], order)]);
    const value = Buffer.concat([Buffer.of(3, 0, 0, 0), words([pages.length, blob.length], order)]);
    [key, value].forEach((item, side) => {
      end -= item.length;
      item.copy(hash, end);
      put16(hash, 26 + (i * 2 + side) * 2, end);
    });
    for (let at = 0; at < blob.length; at += size - 26) {
      const part = blob.subarray(at, at + size - 26);
      const page = Buffer.alloc(size);
      part.copy(page, 26);
      put(page, 16, at + part.length < blob.length ? pages.length + 1 : 0);
      put16(page, 22, part.length);
      page[25] = 7;
      pages.push(page);
    }
  });
  put16(hash, 20, blobs.length * 2);
  hash[25] = 13;
  put(meta, 12, 0x061561);
  put(meta, 20, size);
  put(meta, 32, pages.length - 1);
  meta[25] = 8;
  return Buffer.concat(pages);
}

function words(values: readonly number[], order: 'little' | 'big'): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    if (order === 'big') bytes.writeUInt32BE(value, i * 4);
    else bytes.writeUInt32LE(value, i * 4);
  });
  return bytes;
}

/** `rpmdb.sqlite` in pages of 512 bytes: the schema, one leaf per package with its overflow pages, and their root. */
export function encodeSqlite(blobs: readonly Buffer[]): Buffer {
  const size = 512;
  const pages: Buffer[] = [Buffer.alloc(size), Buffer.alloc(size)];
  const [schema, root] = pages as [Buffer, Buffer];
  const sql = "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY, blob BLOB)";
  const row = record([
    text('table'),
    text('Packages'),
    text('Packages'),
    { serial: 1, bytes: Buffer.of(2) },
    text(sql),
  ]);
  schema.write('SQLite format 3\0', 0, 'latin1');
  schema.writeUInt16BE(size, 16);
  leaf(schema, 100, Buffer.concat([varint(row.length), varint(1), row]));
  const children = blobs.map((blob, i) => {
    const payload = record([
      { serial: 0, bytes: Buffer.alloc(0) },
      { serial: 12 + blob.length * 2, bytes: blob },
    ]);
    const page = Buffer.alloc(size);
    const number = pages.push(page);
    const least = Math.floor(((size - 12) * 32) / 255) - 23;
    const rest = least + ((payload.length - least) % (size - 4));
    const local = payload.length <= size - 35 ? payload.length : rest <= size - 35 ? rest : least;
    const next = local < payload.length ? words([pages.length + 1], 'big') : Buffer.alloc(0);
    leaf(page, 0, Buffer.concat([varint(payload.length), varint(i + 1), payload.subarray(0, local), next]));
    for (let at = local; at < payload.length; at += size - 4) {
      const overflow = Buffer.alloc(size);
      payload.subarray(at, at + size - 4).copy(overflow, 4);
      pages.push(overflow);
      if (at + size - 4 < payload.length) overflow.writeUInt32BE(pages.length + 1, 0);
    }
    return number;
  });
  root[0] = 0x05;
  root.writeUInt16BE(children.length - 1, 3);
  root.writeUInt32BE(children.at(-1) ?? 0, 8);
  children.slice(0, -1).forEach((child, i) => {
    root.writeUInt16BE(size - (i + 1) * 5, 12 + i * 2);
    root.writeUInt32BE(child, size - (i + 1) * 5);
    root[size - (i + 1) * 5 + 4] = i + 1;
  });
  return Buffer.concat(pages);
}

interface Field {
  readonly serial: number;
  readonly bytes: Buffer;
}

function text(value: string): Field {
  return { serial: 13 + value.length * 2, bytes: Buffer.from(value) };
}

function record(fields: readonly Field[]): Buffer {
  const serials = Buffer.concat(fields.map(({ serial }) => varint(serial)));
  return Buffer.concat([varint(serials.length + 1), serials, ...fields.map(({ bytes }) => bytes)]);
}

function leaf(page: Buffer, header: number, cell: Buffer): void {
  page[header] = 0x0d;
  page.writeUInt16BE(1, header + 3);
  page.writeUInt16BE(page.length - cell.length, header + 8);
  cell.copy(page, page.length - cell.length);
}

function varint(value: number): Buffer {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return Buffer.from(bytes);
}

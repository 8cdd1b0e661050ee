/** Archives in tests: reading whole ones, both ways, and making odd ones by hand. @module */
import { encodeHeader, type HeaderFields, paddingOf } from '../src/formats/tar/encode.ts';
import type { TarEntry } from '../src/formats/tar/entry.ts';
import { BLOCK } from '../src/formats/tar/header.ts';
import type { TarOptions } from '../src/formats/tar/parser.ts';
import { encodePax, type PaxRecord } from '../src/formats/tar/pax-encode.ts';
import { scanTar } from '../src/formats/tar/scan.ts';
import { TarStream } from '../src/formats/tar/stream.ts';
import { memoryBlob } from './bytes.ts';

export async function scanAll(archive: Uint8Array, options: TarOptions = {}): Promise<TarEntry[]> {
  return Array.fromAsync(scanTar(memoryBlob(archive), archive.length, options));
}

export function streamAll(archive: Uint8Array, piece: number, options: TarOptions = {}): TarEntry[] {
  const stream = new TarStream(options);
  const entries: TarEntry[] = [];
  const buffer = new Uint8Array(piece);
  for (let at = 0; at < archive.length; at += piece) {
    const part = archive.subarray(at, at + piece);
    buffer.set(part);
    entries.push(...stream.push(buffer.subarray(0, part.length)));
    buffer.fill(0xee);
  }
  stream.end();
  return entries;
}

/** What the entry's file holds, holes filled with zeros. */
export function contentsOf(archive: Uint8Array, entry: TarEntry): Buffer {
  const out = Buffer.alloc(entry.size);
  const extents = entry.extents ?? [{ at: 0, offset: entry.body, size: entry.stored }];
  for (const { at, offset, size } of extents) out.set(archive.subarray(offset, offset + size), at);
  return out;
}

/** Gives a header block that was written by hand its checksum. */
export function sealHeader(block: Buffer): Buffer {
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

export const PLAIN: Omit<HeaderFields, 'kind' | 'name'> = {
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 1,
  mtimeNs: 0,
};

/** A member with whatever PAX records, type letter and magic. */
export function rawMember(
  typeflag: string,
  name: string,
  body: Uint8Array | string = '',
  { records = [], magic = 'ustar\x0000', size }: { records?: readonly PaxRecord[]; magic?: string; size?: number } = {},
): Buffer {
  const content = Buffer.from(body as string);
  const header = Buffer.from(encodeHeader({ ...PLAIN, kind: 'file', name, size: size ?? content.length }));
  header.write(typeflag, 156, 'latin1');
  header.write(magic, 257, 'latin1');
  const extended = records.length === 0 ? Buffer.alloc(0) : rawMember('x', 'PaxHeader', encodePax(records));
  return Buffer.concat([extended, sealHeader(header), content, Buffer.alloc(paddingOf(content.length))]);
}

export const GNU = 'ustar  \0';

/** A file in the old GNU sparse form: pairs of position and size; more than four need an extension block. */
export function oldSparse(name: string, realSize: number, pairs: readonly (readonly [number, number])[]): Buffer {
  const data = pairs.reduce((sum, [, size]) => sum + Math.max(size, 0), 0);
  const member = rawMember('S', name, Buffer.alloc(data, 'd'), { magic: GNU });
  const octal = (value: number) => `${value.toString(8).padStart(11, '0')}\0`;
  const header = member.subarray(0, BLOCK);
  const put = (block: Buffer, at: number, list: typeof pairs) => {
    for (const [i, [offset, size]] of list.entries()) block.write(octal(offset) + octal(size), at + i * 24, 'latin1');
  };
  put(header, 386, pairs.slice(0, 4));
  header.write(octal(realSize), 483, 'latin1');
  const extensions: Buffer[] = [];
  for (let from = 4; from < pairs.length; from += 21) {
    const block = Buffer.alloc(BLOCK);
    put(block, 0, pairs.slice(from, from + 21));
    block[504] = from + 21 < pairs.length ? 1 : 0;
    extensions.push(block);
  }
  header[482] = extensions.length > 0 ? 1 : 0;
  sealHeader(header);
  return Buffer.concat([header, ...extensions, member.subarray(BLOCK)]);
}

/** Reading whole archives in tests, both ways. @module */
import type { TarEntry } from '../src/formats/tar/entry.ts';
import type { TarOptions } from '../src/formats/tar/parser.ts';
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

/**
 * An rpm header as the database stores it: counts, an index of 16-byte entries, and the data they point into; all numbers
 * big-endian. https://rpm-software-management.github.io/rpm/manual/format_header.html and rpmtag.h.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { decodeName } from '../../base/names.ts';

export const TAG = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  license: 1014,
  architecture: 1022,
  oldFileNames: 1027,
  fileFlags: 1037,
  sourceRpm: 1044,
  provideName: 1047,
  requireFlags: 1048,
  requireName: 1049,
  directoryIndexes: 1116,
  baseNames: 1117,
  directoryNames: 1118,
} as const;

/** rpmtd types, rpmtypes.h. */
const INT32 = 4;
const STRING = 6;
const STRING_ARRAY = 8;
const I18N_STRING = 9;

const ENTRY_SIZE = 16;
/** What rpm itself refuses to exceed (HEADER_TAGS_MAX, HEADER_DATA_MAX in header.c). */
const MAX_ENTRIES = 0xffff;
const MAX_DATA = 256 * 1024 * 1024;

export interface RpmHeader {
  /** The first string of a string tag. */
  string(tag: number): string | undefined;
  strings(tag: number): string[];
  /** 32-bit unsigned numbers. */
  numbers(tag: number): number[];
}

interface Entry {
  readonly type: number;
  readonly offset: number;
  readonly count: number;
}

/** @throws ImageError INVALID where counts or offsets point outside the blob */
export function parseRpmHeader(blob: Buffer): RpmHeader {
  if (blob.length < 8) throw invalid('it is shorter than its counts');
  const entries = blob.readUInt32BE(0);
  const size = blob.readUInt32BE(4);
  const dataAt = 8 + entries * ENTRY_SIZE;
  if (entries > MAX_ENTRIES || size > MAX_DATA || dataAt + size > blob.length) {
    throw invalid(`${entries} entries and ${size} bytes of data do not fit into ${blob.length} bytes`);
  }
  const index = new Map<number, Entry>();
  for (let at = 8; at < dataAt; at += ENTRY_SIZE) {
    const type = blob.readUInt32BE(at + 4);
    index.set(blob.readUInt32BE(at), { type, offset: blob.readUInt32BE(at + 8), count: blob.readUInt32BE(at + 12) });
  }
  const data = blob.subarray(dataAt, dataAt + size);
  return {
    string: (tag) => stringsOf(data, index.get(tag), 1)[0],
    strings: (tag) => stringsOf(data, index.get(tag), Number.POSITIVE_INFINITY),
    numbers: (tag) => numbersOf(data, index.get(tag)),
  };
}

function stringsOf(data: Buffer, entry: Entry | undefined, most: number): string[] {
  if (entry === undefined || ![STRING, STRING_ARRAY, I18N_STRING].includes(entry.type)) return [];
  const found: string[] = [];
  let at = entry.offset;
  const wanted = Math.min(entry.count, most);
  while (found.length < wanted) {
    const end = at < data.length ? data.indexOf(0, at) : -1;
    if (end < 0) throw invalid('a string does not end inside the data');
    found.push(decodeName(data.subarray(at, end)));
    at = end + 1;
  }
  return found;
}

function numbersOf(data: Buffer, entry: Entry | undefined): number[] {
  if (entry === undefined || entry.type !== INT32) return [];
  if (entry.offset + entry.count * 4 > data.length) throw invalid('numbers do not end inside the data');
  return Array.from({ length: entry.count }, (_, i) => data.readUInt32BE(entry.offset + i * 4));
}

function invalid(why: string): ImageError {
  return new ImageError('INVALID', `the rpm database holds a broken package header: ${why}`);
}

/** Makes an entry of a header block and of the extended headers that precede it. @module */
import { ImageError } from '../../base/errors.ts';
import { applyRecords, type MutableEntry, textOf } from './apply-records.ts';
import type { Context } from './context.ts';
import type { TarKind } from './entry.ts';
import { malformed, shownName } from './errors.ts';
import { type Dialect, dialectOf, FIELD, type Field, numberField, textField } from './header.ts';
import type { PaxRecords, Time } from './pax.ts';
import { oldRealSize, paxSparse, readOldHeader, type SparseMap } from './sparse.ts';

/** An entry whose place is not final before the rest of a sparse file's map is read. */
export interface EntryParts {
  readonly entry: MutableEntry;
  /** Bytes behind the header(s), the map of sparse format 1.0 included. */
  readonly stored: number;
  readonly sparse: { readonly map: SparseMap; readonly more: 'extension' | 'map' | 'none' } | undefined;
}

const KINDS: Readonly<Record<string, TarKind>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'dir',
  '6': 'fifo',
  '7': 'file',
  D: 'dir',
  S: 'file',
};

/** Types that have no body, whatever their size field says: Go and libarchive agree. */
const BODILESS: ReadonlySet<TarKind> = new Set(['hardlink', 'symlink', 'char', 'block', 'fifo', 'dir']);

/** @throws ImageError INVALID or UNSUPPORTED, without saying where */
export function buildEntry(block: Buffer, at: number, context: Context): EntryParts {
  const dialect = dialectOf(block, at);
  const records = mergedRecords(context);
  const typeflag = String.fromCharCode(block[at + FIELD.typeflag[0]] as number);
  const name = nameOf(block, at, dialect, records, context.longName);
  if (typeflag === 'M' || records?.has('GNU.volume.offset')) {
    throw new ImageError('UNSUPPORTED', `"${shownName(name)}" continues another volume of a multi-volume archive`);
  }
  const extended = dialect !== 'v7';
  const kind = kindOf(typeflag, name);
  const entry: MutableEntry = {
    kind,
    typeflag,
    name,
    linkname: textField(block, at, FIELD.linkname),
    mode: number(block, at, FIELD.mode, name),
    uid: number(block, at, FIELD.uid, name),
    gid: number(block, at, FIELD.gid, name),
    uname: extended ? context.uname.read(block, at) : '',
    gname: extended ? context.gname.read(block, at) : '',
    mtime: number(block, at, FIELD.mtime, name),
    mtimeNs: 0,
    atime: undefined,
    ctime: undefined,
    major: extended ? number(block, at, FIELD.devmajor, name) : 0,
    minor: extended ? number(block, at, FIELD.devminor, name) : 0,
    size: number(block, at, FIELD.size, name),
    extents: undefined,
    records: context.records,
    xattrs: undefined,
    start: context.start,
    body: 0,
    stored: 0,
    end: 0,
  };
  if (dialect === 'gnu') readOldTimes(entry, block, at, FIELD.gnuAtime, FIELD.gnuCtime);
  if (dialect === 'star') readOldTimes(entry, block, at, FIELD.starAtime, FIELD.starCtime);
  if (records !== undefined) applyRecords(entry, records);
  if (context.longLink !== undefined) entry.linkname = context.longLink;
  if (entry.size < 0) throw malformed('size', name);
  if (entry.mode < 0) throw malformed('mode', name);
  const stored = BODILESS.has(kind) && typeflag !== 'D' ? 0 : entry.size;
  return { entry, stored, sparse: sparseOf(entry, block, at, dialect, records) };
}

function number(block: Buffer, at: number, field: Field, name: string): number {
  const value = numberField(block, at, field);
  if (Number.isNaN(value)) throw malformed(fieldName(field), name);
  return value;
}

function fieldName(field: Field): string {
  return Object.entries(FIELD).find(([, known]) => known === field)?.[0] ?? 'number';
}

function mergedRecords({ records, globals }: Context): PaxRecords | undefined {
  if (globals === undefined || records === undefined) return records ?? globals;
  return new Map([...globals, ...records]);
}

function kindOf(typeflag: string, name: string): TarKind {
  // Before there was a type letter for directories, a trailing slash said it.
  if (typeflag === '\0' && name.endsWith('/')) return 'dir';
  return KINDS[typeflag] ?? 'other';
}

function nameOf(
  block: Buffer,
  at: number,
  dialect: Dialect,
  records: PaxRecords | undefined,
  longName: string | undefined,
): string {
  if (longName !== undefined) return longName;
  const path = records === undefined ? '' : (textOf(records, 'GNU.sparse.name') ?? textOf(records, 'path') ?? '');
  if (path !== '') return path;
  const name = textField(block, at, FIELD.name);
  const prefix = prefixOf(block, at, dialect);
  return prefix === '' ? name : `${prefix}/${name}`;
}

function prefixOf(block: Buffer, at: number, dialect: Dialect): string {
  if (dialect === 'v7' || block[at + FIELD.prefix[0]] === 0) return '';
  if (dialect !== 'gnu') return textField(block, at, dialect === 'star' ? FIELD.starPrefix : FIELD.prefix);
  // GNU has times there, and no prefix. Go before 1.8 wrote one all the same: then the times are no numbers.
  if (![FIELD.gnuAtime, FIELD.gnuCtime].some((field) => Number.isNaN(numberField(block, at, field)))) return '';
  const prefix = textField(block, at, FIELD.prefix);
  return /^[\x01-\x7f]*$/.test(prefix) ? prefix : '';
}

function readOldTimes(entry: MutableEntry, block: Buffer, at: number, atime: Field, ctime: Field): void {
  if (block[at + atime[0]] !== 0) entry.atime = oldTime(block, at, atime);
  if (block[at + ctime[0]] !== 0) entry.ctime = oldTime(block, at, ctime);
}

/** Some writers put other things there: what is no time is not one. */
function oldTime(block: Buffer, at: number, field: Field): Time | undefined {
  const seconds = numberField(block, at, field);
  return Number.isNaN(seconds) ? undefined : { seconds, nanoseconds: 0 };
}

/** Sets the entry's size to that of the file with its holes. */
function sparseOf(
  entry: MutableEntry,
  block: Buffer,
  at: number,
  dialect: Dialect,
  records: PaxRecords | undefined,
): EntryParts['sparse'] {
  if (entry.typeflag === 'S') {
    if (dialect !== 'gnu') throw malformed('sparse header (not in GNU format)', entry.name);
    const map: SparseMap = [];
    const more = readOldHeader(block, at, map) ? 'extension' : 'none';
    entry.size = oldRealSize(block, at);
    if (!(entry.size >= 0)) throw malformed('size of a sparse file', entry.name);
    return { map, more };
  }
  const sparse = records === undefined || entry.kind !== 'file' ? undefined : paxSparse(records);
  if (sparse === undefined) return undefined;
  entry.size = sparse.realSize;
  return { map: sparse.map ?? [], more: sparse.map === undefined ? 'map' : 'none' };
}

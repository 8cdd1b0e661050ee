/** What PAX records change of what a header says (pax(1), "pax Extended Header"). @module */
import { decodeName } from '../../base/names.ts';
import type { TarEntry } from './entry.ts';
import { malformed } from './errors.ts';
import { type PaxRecords, parseDecimal, parseTime, type Time } from './pax.ts';
import { xattrsOf } from './xattrs.ts';

export type MutableEntry = { -readonly [K in keyof TarEntry]: TarEntry[K] };

/** All but the name. @throws ImageError INVALID, without saying where */
export function applyRecords(entry: MutableEntry, records: PaxRecords): void {
  const decimal = (key: string, header: number) => {
    const text = textOf(records, key);
    if (text === undefined) return header;
    const value = parseDecimal(text);
    if (Number.isNaN(value)) throw malformed(`PAX record ${key}`, entry.name);
    return value;
  };
  const time = (key: string): Time | undefined => {
    const text = textOf(records, key);
    if (text === undefined) return undefined;
    const value = parseTime(text);
    if (value === undefined) throw malformed(`PAX record ${key}`, entry.name);
    return value;
  };
  entry.linkname = textOf(records, 'linkpath') ?? entry.linkname;
  entry.uname = textOf(records, 'uname') ?? entry.uname;
  entry.gname = textOf(records, 'gname') ?? entry.gname;
  entry.size = decimal('size', entry.size);
  entry.uid = decimal('uid', entry.uid);
  entry.gid = decimal('gid', entry.gid);
  entry.major = decimal('SCHILY.devmajor', entry.major);
  entry.minor = decimal('SCHILY.devminor', entry.minor);
  const mtime = time('mtime');
  entry.mtime = mtime?.seconds ?? entry.mtime;
  entry.mtimeNs = mtime?.nanoseconds ?? 0;
  entry.atime = time('atime') ?? entry.atime;
  entry.ctime = time('ctime') ?? entry.ctime;
  entry.xattrs = xattrsOf(records);
}

/** The value as a name; undefined where it is absent or empty, which means "as if it were not there". */
export function textOf(records: PaxRecords, key: string): string | undefined {
  const value = records.get(key);
  return value === undefined || value.length === 0 ? undefined : decodeName(value);
}

/** What the tables of contents of chunked layers can describe: less than a tar can hold. @module */
import { ImageError } from '../../base/errors.ts';
import { hasEscapes, printableName } from '../../base/names.ts';
import { cleanPath } from '../../base/path.ts';
import type { TarEntry } from '../tar/entry.ts';

/** Seconds of the years 0 to 9999, which RFC 3339 can express. */
const FIRST_SECOND = -62_167_219_200;
const LAST_SECOND = 253_402_300_799;

/**
 * @param names of the entries before, cleaned; gets this one
 * @throws ImageError UNSUPPORTED
 */
export function assertDescribable(entry: TarEntry, names: Set<string>): void {
  const problem = problemOf(entry, names);
  if (problem !== undefined) {
    throw new ImageError('UNSUPPORTED', `a chunked layer cannot hold "${printableName(entry.name)}": ${problem}`, {
      hint: 'use a compression that is not chunked: gzip or zstd',
    });
  }
}

function problemOf(entry: TarEntry, names: Set<string>): string | undefined {
  if (!/^[\0-6]$/.test(entry.typeflag)) return `its type "${printableName(entry.typeflag)}" has no place there`;
  if (entry.extents !== undefined) return 'it is stored as a sparse file';
  const texts = [entry.name, entry.linkname, entry.uname, entry.gname, ...(entry.xattrs?.keys() ?? [])];
  if (texts.some(hasEscapes)) return 'its name, or one it refers to, is not UTF-8';
  const times = [entry.mtime, entry.atime?.seconds ?? 0, entry.ctime?.seconds ?? 0];
  if (times.some((time) => time < FIRST_SECOND || time > LAST_SECOND))
    return 'one of its times is beyond the year 9999';
  const name = cleanPath(`/${entry.name}`);
  if (names.has(name)) return 'the layer has it twice';
  names.add(name);
  return undefined;
}

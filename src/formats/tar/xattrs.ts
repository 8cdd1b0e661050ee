/**
 * Extended attributes in PAX records: `SCHILY.xattr.NAME` with the bare value (star, GNU tar, Go) and
 * `LIBARCHIVE.xattr.NAME` with an URL-encoded name and the value in base64 (bsdtar, which writes both).
 * @module
 */
import { decodeName } from '../../base/names.ts';
import type { PaxRecords } from './pax.ts';

const SCHILY = 'SCHILY.xattr.';
const LIBARCHIVE = 'LIBARCHIVE.xattr.';

/** By full name; undefined where there are none. Values share memory with the records. */
export function xattrsOf(records: PaxRecords): ReadonlyMap<string, Uint8Array> | undefined {
  let found: Map<string, Uint8Array> | undefined;
  for (const [key, value] of records) {
    if (!key.startsWith(LIBARCHIVE)) continue;
    found ??= new Map();
    found.set(unescapeUrl(key.slice(LIBARCHIVE.length)), Buffer.from(Buffer.from(value).toString('latin1'), 'base64'));
  }
  for (const [key, value] of records) {
    if (!key.startsWith(SCHILY)) continue;
    found ??= new Map();
    found.set(unescapeKey(key.slice(SCHILY.length)), value);
  }
  return found;
}

export function xattrKey(name: string): string {
  return SCHILY + escapeKey(name);
}

/** A key cannot hold `=`: GNU tar writes `%3D` for it, and `%25` for `%`. */
function unescapeKey(key: string): string {
  return key.includes('%') ? key.replace(/%3D/g, '=').replace(/%25/g, '%') : key;
}

/** Escapes no more than it must, since readers other than GNU tar take keys literally. */
function escapeKey(name: string): string {
  return name.replace(/%(?=3D|25)/g, '%25').replace(/=/g, '%3D');
}

function unescapeUrl(text: string): string {
  if (!text.includes('%')) return text;
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const hex = text[i] === '%' ? /^[0-9A-Fa-f]{2}/.exec(text.slice(i + 1, i + 3))?.[0] : undefined;
    if (hex === undefined) bytes.push(...Buffer.from(text[i] as string));
    else {
      bytes.push(Number.parseInt(hex, 16));
      i += 2;
    }
  }
  return decodeName(Uint8Array.from(bytes));
}

/** An entry of ld.so.cache, and the order of entries by which the loader finds them (glibc's elf/cache.c, dl-cache.c). @module */
import { encodeName } from '../base/names.ts';

export interface CacheEntry {
  /** The name that is looked for: a soname. */
  readonly name: string;
  /** Where it is. */
  readonly path: string;
  /** Kind and machine: see `Machine.cacheFlags`. */
  readonly flags: number;
  /** Subdirectory of glibc-hwcaps (`x86-64-v3`) this file is in. */
  readonly level?: string;
  /** x86 ISA level the file says it needs, as a number from 0; only together with `level`. */
  readonly isaLevel?: number;
  /** Legacy hwcap bits (until glibc 2.36); 0 for a library that is for every CPU. */
  readonly hwcap?: bigint;
}

/** Descending by name, so that the loader's search finds them; then kinds; variants before what is for every CPU. */
export function compareEntries(a: CacheEntry, b: CacheEntry): number {
  const byName = compareLibraryNames(b.name, a.name);
  if (byName !== 0) return byName;
  if (a.flags !== b.flags) return a.flags < b.flags ? 1 : -1;
  if (a.level !== b.level) {
    if (a.level === undefined) return 1;
    if (b.level === undefined) return -1;
    return a.level < b.level ? -1 : 1;
  }
  const [left, right] = [a.hwcap ?? 0n, b.hwcap ?? 0n];
  return left === right ? 0 : bitCount(right) - bitCount(left) || (left < right ? 1 : -1);
}

function bitCount(value: bigint): number {
  return value.toString(2).replaceAll('0', '').length;
}

/** `_dl_cache_libcmp`: digits compare as numbers (`libx.so.9` before `libx.so.10`), all else byte by byte. */
export function compareLibraryNames(left: string, right: string): number {
  const a = encodeName(left);
  const b = encodeName(right);
  let i = 0;
  let j = 0;
  while (i < a.length) {
    const [x, y] = [a[i] ?? 0, b[j] ?? 0];
    if (isDigit(x) && isDigit(y)) {
      const [m, afterM] = numberAt(a, i);
      const [n, afterN] = numberAt(b, j);
      if (m !== n) return m - n;
      i = afterM;
      j = afterN;
    } else if (isDigit(x)) return 1;
    else if (isDigit(y)) return -1;
    else if (x !== y) return signed(x) - signed(y);
    else {
      i++;
      j++;
    }
  }
  return 0 - signed(b[j] ?? 0);
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** As C's `int` would hold it, overflow included. */
function numberAt(bytes: Uint8Array, from: number): [value: number, end: number] {
  let value = 0;
  let at = from;
  for (; isDigit(bytes[at] ?? 0); at++) value = (Math.imul(value, 10) + (bytes[at] ?? 0) - 0x30) | 0;
  return [value, at];
}

/** `char` is signed on most machines; names are ASCII, so that it never matters in practice. */
function signed(byte: number): number {
  return (byte << 24) >> 24;
}

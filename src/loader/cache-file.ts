/**
 * ld.so.cache, read and written: what ldconfig(8) makes so that the loader need not search (glibc's dl-cache.h; written as
 * its elf/cache.c does). The new format in the file's own byte order, alone or behind the old one; the old one alone is read too.
 * @module
 */
import { ImageError } from '../base/errors.ts';
import { decodeName, encodeName } from '../base/names.ts';
import { type CacheEntry, compareEntries } from './cache-entry.ts';

const OLD_MAGIC = 'ld.so-1.7.0';
const NEW_MAGIC = 'glibc-ld.so.cache1.1';
const OLD_HEADER = 16;
const OLD_ENTRY = 12;
const NEW_HEADER = 48;
const NEW_ENTRY = 24;
const ENDIAN_LITTLE = 2;
const ENDIAN_BIG = 3;
const EXTENSION_MAGIC = 0xeaa42174;
const TAG_GLIBC_HWCAPS = 1;
/** Bits 62 and 63 tell an entry for a glibc-hwcaps subdirectory from one of the legacy kind (dl-cache.h). */
const HWCAP_EXTENSION = 1n << 62n;
const HWCAP_EXTENSION_MASK = 0xfffffc00n << 32n;

/** The file's entries in its order, or undefined where the loader would not take the file. */
export function readCacheFile(bytes: Uint8Array, endian: 'little' | 'big'): CacheEntry[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = endian === 'little';
  if (startsWith(bytes, 0, NEW_MAGIC)) return readNew(view, 0, little);
  if (!startsWith(bytes, 0, OLD_MAGIC) || bytes.length <= OLD_HEADER) return undefined;
  const count = view.getUint32(12, little);
  if (count > (bytes.length - OLD_HEADER) / OLD_ENTRY) return undefined;
  const behind = Math.ceil((OLD_HEADER + count * OLD_ENTRY) / 8) * 8;
  return startsWith(bytes, behind, NEW_MAGIC) ? readNew(view, behind, little) : readOld(view, count, little);
}

function readOld(view: DataView, count: number, little: boolean): CacheEntry[] {
  const strings = OLD_HEADER + count * OLD_ENTRY;
  const out: CacheEntry[] = [];
  for (let i = 0; i < count; i++) {
    const at = OLD_HEADER + i * OLD_ENTRY;
    const name = stringAt(view, strings + view.getUint32(at + 4, little));
    const path = stringAt(view, strings + view.getUint32(at + 8, little));
    if (name !== undefined && path !== undefined) out.push({ name, path, flags: view.getInt32(at, little) });
  }
  return out;
}

function readNew(view: DataView, base: number, little: boolean): CacheEntry[] | undefined {
  if (view.byteLength - base <= NEW_HEADER) return undefined;
  const count = view.getUint32(base + 20, little);
  const endian = view.getUint8(base + 28) & 3;
  if (endian !== 0 && endian !== (little ? ENDIAN_LITTLE : ENDIAN_BIG)) return undefined;
  if (count > (view.byteLength - base - NEW_HEADER) / NEW_ENTRY) return undefined;
  const levels = readLevels(view, base, little);
  const out: CacheEntry[] = [];
  for (let i = 0; i < count; i++) {
    const at = base + NEW_HEADER + i * NEW_ENTRY;
    const name = stringAt(view, base + view.getUint32(at + 4, little));
    const path = stringAt(view, base + view.getUint32(at + 8, little));
    if (name === undefined || path === undefined) continue;
    out.push({
      name,
      path,
      flags: view.getInt32(at, little),
      ...capability(view.getBigUint64(at + 16, little), levels),
    });
  }
  return out;
}

function capability(
  hwcap: bigint,
  levels: readonly (string | undefined)[],
): Pick<CacheEntry, 'level' | 'isaLevel' | 'hwcap'> {
  if ((hwcap & HWCAP_EXTENSION_MASK) !== HWCAP_EXTENSION) return hwcap === 0n ? {} : { hwcap };
  // A level that the file does not name stands for none there is: such an entry is never used.
  return { level: levels[Number(hwcap & 0xffffffffn)] ?? '', isaLevel: Number((hwcap >> 32n) & 0x3ffn) };
}

/** Names in the glibc-hwcaps section of the extension, by index. */
function readLevels(view: DataView, base: number, little: boolean): (string | undefined)[] {
  const u32 = (at: number) => view.getUint32(at, little);
  const at = u32(base + 32);
  if (at === 0 || at + 8 > view.byteLength || u32(at) !== EXTENSION_MAGIC) return [];
  const sections = Math.min(u32(at + 4), Math.floor((view.byteLength - at - 8) / 16));
  for (let i = 0; i < sections; i++) {
    const section = at + 8 + i * 16;
    const [offset, size] = [u32(section + 8), u32(section + 12)];
    if (u32(section) !== TAG_GLIBC_HWCAPS || offset + size > view.byteLength) continue;
    return Array.from({ length: Math.floor(size / 4) }, (_, k) => stringAt(view, u32(offset + k * 4)));
  }
  return [];
}

function stringAt(view: DataView, at: number): string | undefined {
  if (at >= view.byteLength) return undefined;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const end = bytes.indexOf(0, at);
  return end < 0 || end - at > 4096 ? undefined : decodeName(bytes.subarray(at, end));
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  return Buffer.from(bytes.subarray(at, at + text.length)).toString('latin1') === text;
}

/**
 * The new format alone, as `ldconfig -c new` writes it: sorted for the loader's binary search, strings shared where a path
 * ends with its name. Of entries that differ in nothing but their paths the first given stands first, and is the one found.
 * @throws ImageError LIMIT where the strings exceed what an offset of the format can say
 */
export function writeCacheFile(entries: readonly CacheEntry[], endian: 'little' | 'big'): Uint8Array {
  const little = endian === 'little';
  const sorted = [...entries].sort(compareEntries);
  const levels = [...new Set(sorted.flatMap(({ level }) => (level === undefined ? [] : [level])))].sort();
  const strings = stringTable(NEW_HEADER + sorted.length * NEW_ENTRY);
  const places = sorted.map((entry) => {
    const path = strings.add(entry.path);
    const shared = entry.path.endsWith(`/${entry.name}`);
    return {
      path,
      name: shared ? path + encodeName(entry.path).length - encodeName(entry.name).length : strings.add(entry.name),
    };
  });
  const levelPlaces = levels.map((level) => strings.add(level));
  const end = strings.end();
  const extension = levels.length === 0 ? 0 : Math.ceil(end / 4) * 4;
  const out = Buffer.alloc(extension === 0 ? end : extension + 24 + levels.length * 4);
  const view = new DataView(out.buffer, out.byteOffset, out.length);
  out.write(NEW_MAGIC, 'latin1');
  view.setUint32(20, sorted.length, little);
  view.setUint32(24, end - NEW_HEADER - sorted.length * NEW_ENTRY, little);
  view.setUint8(28, little ? ENDIAN_LITTLE : ENDIAN_BIG);
  view.setUint32(32, extension, little);
  sorted.forEach((entry, i) => {
    const at = NEW_HEADER + i * NEW_ENTRY;
    view.setInt32(at, entry.flags, little);
    view.setUint32(at + 4, places[i]?.name ?? 0, little);
    view.setUint32(at + 8, places[i]?.path ?? 0, little);
    view.setBigUint64(at + 16, hwcapField(entry, levels), little);
  });
  out.set(strings.bytes(), NEW_HEADER + sorted.length * NEW_ENTRY);
  if (extension !== 0) writeLevels(view, extension, levelPlaces, little);
  return out;
}

function hwcapField({ level, isaLevel, hwcap }: CacheEntry, levels: readonly string[]): bigint {
  if (level === undefined) return hwcap ?? 0n;
  return HWCAP_EXTENSION | (BigInt(isaLevel ?? 0) << 32n) | BigInt(levels.indexOf(level));
}

function writeLevels(view: DataView, at: number, places: readonly number[], little: boolean): void {
  view.setUint32(at, EXTENSION_MAGIC, little);
  view.setUint32(at + 4, 1, little);
  view.setUint32(at + 8, TAG_GLIBC_HWCAPS, little);
  view.setUint32(at + 16, at + 24, little);
  view.setUint32(at + 20, places.length * 4, little);
  places.forEach((place, i) => {
    view.setUint32(at + 24 + i * 4, place, little);
  });
}

/** Strings ended by NUL, each once, at offsets that count from the start of the file. */
function stringTable(base: number) {
  const known = new Map<string, number>();
  const parts: Uint8Array[] = [];
  let at = base;
  return {
    add(text: string): number {
      const before = known.get(text);
      if (before !== undefined) return before;
      const bytes = encodeName(text);
      const place = at;
      known.set(text, place);
      parts.push(bytes, Uint8Array.of(0));
      at += bytes.length + 1;
      if (at > 0xffffffff) throw new ImageError('LIMIT', 'too many libraries for one ld.so.cache');
      return place;
    },
    end: () => at,
    bytes: () => Buffer.concat(parts),
  };
}

export type { CacheEntry };

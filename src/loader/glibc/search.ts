/** Finding a shared object by name: `_dl_map_object`'s order of places (glibc's dl-load.c; ld.so(8)). @module */
import { type CacheEntry, compareLibraryNames } from '../cache-file.ts';
import type { FoundBy, MissingObject } from '../types.ts';
import { openObject } from './open.ts';
import { type GlibcProcess, LoaderFailure, type Mapped, type Opened } from './process.ts';
import { expandTokens } from './tokens.ts';

const DF_1_NODEFLIB = 0x800;
/** `flags` of an ELF library of unknown libc: taken by every loader. */
const FLAG_ELF = 1;

export type Rejected = MissingObject['rejected'][number];

/** One look-up: what was tried on the way, and how it ended. */
export interface Search {
  readonly found: { readonly file: Opened; readonly foundBy: FoundBy } | undefined;
  readonly tried: readonly string[];
  readonly rejected: readonly Rejected[];
  /** A file of the other class was passed over: the loader's message says so. */
  readonly otherClass: boolean;
}

interface Trail {
  readonly tried: string[];
  readonly rejected: Rejected[];
  otherClass: boolean;
}

/** @param loader on whose behalf; undefined for the program itself when the loader is given its path */
export async function search(process: GlibcProcess, loader: Mapped | undefined, name: string): Promise<Search> {
  const trail: Trail = { tried: [], rejected: [], otherClass: false };
  const found = await (name.includes('/')
    ? byPath(process, loader, name, trail)
    : byName(process, loader, name, trail));
  return { found, ...trail };
}

async function byPath(process: GlibcProcess, loader: Mapped | undefined, name: string, trail: Trail) {
  const path = loader === undefined ? name : expandTokens(name, tokensOf(process, loader));
  const file = await attempt(process, path, trail);
  return typeof file === 'object' ? { file, foundBy: 'path' as const } : undefined;
}

/** The places in order; each is asked only when those before had nothing. */
async function byName(process: GlibcProcess, loader: Mapped | undefined, name: string, trail: Trail) {
  const steps: [FoundBy, () => Promise<Opened | undefined>][] = [
    ['rpath', () => inRpaths(process, loader, name, trail)],
    ['library-path', () => inDirectories(process, process.libraryPath, name, trail)],
    ['runpath', () => inDirectories(process, pathList(process, loader, loader?.elf.dynamic?.runpath), name, trail)],
    ['cache', () => inCache(process, loader, name, trail)],
    ['default', () => inSystemDirectories(process, loader, name, trail)],
  ];
  for (const [foundBy, step] of steps) {
    const file = await step();
    if (file !== undefined) return { file, foundBy };
  }
  return undefined;
}

/** DT_RPATH of the object, of what loaded it, and so on up, then of the program; none of it where the object has RUNPATH. */
async function inRpaths(process: GlibcProcess, loader: Mapped | undefined, name: string, trail: Trail) {
  if (loader?.elf.dynamic?.runpath !== undefined) return undefined;
  const main = process.chain[0];
  const chain: Mapped[] = [];
  for (let one = loader; one !== undefined; one = one.loader) chain.push(one);
  if (main !== undefined && !chain.includes(main)) chain.push(main);
  for (const one of chain) {
    const file = await inDirectories(process, rpathOf(process, one), name, trail);
    if (file !== undefined) return file;
  }
  return undefined;
}

/** An object's own RPATH counts for nothing where it has a RUNPATH. */
function rpathOf(process: GlibcProcess, object: Mapped): readonly string[] {
  const { rpath, runpath } = object.elf.dynamic ?? {};
  return runpath === undefined ? pathList(process, object, rpath) : [];
}

/** The directories of a RPATH or RUNPATH, tokens expanded; an empty element is the working directory. */
export function pathList(process: GlibcProcess, object: Mapped | undefined, text: string | undefined): string[] {
  if (text === undefined || text === '') return [];
  return directories(text.split(':'), object === undefined ? undefined : tokensOf(process, object));
}

/** Elements as the loader keeps them: one slash at the end, `''` for the working directory, each once. */
export function directories(elements: readonly string[], tokens: ReturnType<typeof tokensOf> | undefined): string[] {
  const out = new Set<string>();
  for (const element of elements) {
    const dir = tokens === undefined ? element : expandTokens(element, tokens);
    if (dir === '' && element !== '') continue;
    out.add(dir === '' ? '' : `${dir.replace(/\/+$/, '')}/`);
  }
  return [...out];
}

export function tokensOf(process: GlibcProcess, object: Mapped) {
  return { ORIGIN: object.origin, LIB: process.interpreter.lib, PLATFORM: process.platform };
}

async function inDirectories(process: GlibcProcess, dirs: readonly string[], name: string, trail: Trail) {
  for (const dir of dirs) {
    for (const sub of [...process.subdirectories, '']) {
      if (sub !== '' && !(await process.cache.isDirectory(absolute(process, dir + sub)))) continue;
      const result = await attempt(process, `${dir}${sub}${name}`, trail);
      if (typeof result === 'object') return result;
      // Another error than "not there", in a directory that exists, ends this list (dl-load.c, open_path).
      if (result === 'stops' && sub === '' && (await process.cache.isDirectory(absolute(process, dir))))
        return undefined;
    }
  }
  return undefined;
}

function absolute(process: GlibcProcess, path: string): string {
  return path.startsWith('/') ? path : `${process.cwd}/${path}`;
}

async function inSystemDirectories(process: GlibcProcess, loader: Mapped | undefined, name: string, trail: Trail) {
  const by = loader ?? process.chain[0];
  if (((by?.elf.dynamic?.flags1 ?? 0) & DF_1_NODEFLIB) !== 0) return undefined;
  return inDirectories(process, process.interpreter.systemDirs, name, trail);
}

async function inCache(process: GlibcProcess, loader: Mapped | undefined, name: string, trail: Trail) {
  if (process.libraries.length > 0) process.configuration.add(process.interpreter.cachePath);
  const path = lookUpCache(process, name);
  if (path === undefined) return undefined;
  const by = loader ?? process.chain[0];
  const noDefault = ((by?.elf.dynamic?.flags1 ?? 0) & DF_1_NODEFLIB) !== 0;
  if (noDefault && process.interpreter.systemDirs.some((dir) => path.startsWith(dir))) return undefined;
  const result = await attempt(process, path, trail);
  return typeof result === 'object' ? result : undefined;
}

/** The path that ld.so.cache has for a name: `search_cache` of dl-cache.c. */
function lookUpCache(process: GlibcProcess, name: string): string | undefined {
  const { libraries } = process;
  const flags = process.interpreter.machine?.cacheFlags;
  let best: { path: string; rank: number } | undefined;
  for (let i = firstOf(libraries, name); i < libraries.length; i++) {
    const entry = libraries[i] as CacheEntry;
    if (compareLibraryNames(name, entry.name) !== 0) break;
    if (entry.flags !== flags && entry.flags !== FLAG_ELF) continue;
    if (entry.level === undefined) {
      if (best !== undefined && best.rank >= 0) break;
      if (entry.hwcap !== undefined && !acceptsLegacy(process, entry.hwcap)) continue;
      best = { path: entry.path, rank: -1 };
      if (entry.flags === flags) break;
      continue;
    }
    const rank = process.levels.indexOf(entry.level);
    if (rank >= 0 && fits(process, entry) && (best === undefined || rank < best.rank))
      best = { path: entry.path, rank };
  }
  return best?.path;
}

/** Where the run of entries with this name begins; the number of entries where there is none. */
function firstOf(entries: readonly CacheEntry[], name: string): number {
  let left = 0;
  let right = entries.length - 1;
  while (left <= right) {
    let middle = (left + right) >> 1;
    const order = compareLibraryNames(name, (entries[middle] as CacheEntry).name);
    if (order === 0) {
      while (middle > 0 && compareLibraryNames(name, (entries[middle - 1] as CacheEntry).name) === 0) middle--;
      return middle;
    }
    if (order < 0) left = middle + 1;
    else right = middle - 1;
  }
  return entries.length;
}

/** x86: the ISA level that a cached file says it needs is one the CPU has. */
function fits(process: GlibcProcess, entry: CacheEntry): boolean {
  const best = /^x86-64-v(\d)$/.exec(process.levels[0] ?? '')?.[1];
  return best === undefined || (entry.isaLevel ?? 0) < Number(best);
}

/** Bits of the legacy mechanism: only the one for `tls` directories is for every CPU. */
function acceptsLegacy(process: GlibcProcess, hwcap: bigint): boolean {
  return process.subdirectories.includes('tls/') && hwcap === 1n << 63n;
}

async function attempt(process: GlibcProcess, path: string, trail: Trail): Promise<Opened | 'absent' | 'stops'> {
  const result = await openObject(process, path);
  if (result.kind === 'opened') return result.file;
  trail.tried.push(path);
  if (result.kind === 'absent') return result.stops ? 'stops' : 'absent';
  trail.rejected.push({ path, why: result.why });
  trail.otherClass ||= result.otherClass;
  return 'absent';
}

export { LoaderFailure };

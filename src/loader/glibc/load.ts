/** What glibc's ld.so does for a program, and for what the program opens later. @module */
import { ImageError } from '../../base/errors.ts';
import { dirname } from '../../base/path.ts';
import type { LoaderCache } from '../cache.ts';
import { readCacheFile } from '../cache-file.ts';
import type { Interpreter } from '../interpreter.ts';
import type { LoadedObject, LoaderOptions, LoadResult, MissingObject, Via } from '../types.ts';
import { verifyHeader } from '../verify.ts';
import { activeLevels, subdirectories } from './hwcaps.ts';
import { mapDependencies, mapObject, newObject, unloadable } from './map.ts';
import { absolutePath } from './open.ts';
import { mapPreloads } from './preload.ts';
import { type GlibcProcess, LoaderFailure, type Mapped, type Opened } from './process.ts';
import { directories, tokensOf } from './search.ts';
import { checkVersions } from './versions.ts';

/** A program as it was found, with the beginning of its file. */
export interface Program extends Opened {
  readonly head: Uint8Array;
}

/** A started program: its process, and what went wrong. */
export interface Started {
  readonly process: GlibcProcess;
  readonly failure: LoaderFailure | undefined;
}

/**
 * Starts a program: its preloads and all that it needs are mapped.
 * @param file the program as it was found
 * @param interpreterPath as the program or the caller names it; undefined where there is none
 */
export async function startGlibc(
  cache: LoaderCache,
  file: Program,
  interpreter: Interpreter,
  interpreterPath: string | undefined,
  options: LoaderOptions,
): Promise<Started> {
  const process = await createProcess(cache, interpreter, options);
  const main = mainObject(process, file, options);
  process.chain.push(main);
  const libraryPath = options.env?.['LD_LIBRARY_PATH'] ?? '';
  if (libraryPath !== '') process.libraryPath = directories(libraryPath.split(/[:;]/), tokensOf(process, main));
  const loader = await interpreterObject(process, interpreterPath, main);
  if (loader !== undefined) process.chain.push(loader);
  try {
    const why = programRefusal(process, file);
    if (why !== undefined) throw new LoaderFailure(file.path, why);
    const preloads = await mapPreloads(process, main);
    const list = await mapDependencies(process, main, preloads);
    if (loader !== undefined) placeInterpreter(process, loader, list);
  } catch (error) {
    if (error instanceof LoaderFailure) return { process, failure: error };
    throw error;
  }
  return { process, failure: undefined };
}

async function createProcess(
  cache: LoaderCache,
  interpreter: Interpreter,
  options: LoaderOptions,
): Promise<GlibcProcess> {
  const levels = activeLevels(interpreter, options.cpu ?? 'baseline');
  const platform = options.platform ?? interpreter.machine?.platform;
  return {
    cache,
    interpreter,
    cwd: options.cwd ?? '/',
    env: options.env ?? {},
    platform,
    levels,
    subdirectories: subdirectories(interpreter, levels, platform),
    libraries: await readLibraries(cache, interpreter),
    libraryPath: [],
    chain: [],
    missing: [],
    skipped: [],
    configuration: new Set(),
  };
}

/** ld.so.cache; one that the loader would not take counts as none. */
async function readLibraries(cache: LoaderCache, { cachePath, target }: Interpreter) {
  return cache.memo(`ld.so.cache:${cachePath}:${target.endian}`, async () => {
    const found = await cache.find(cachePath);
    if (found.kind !== 'file' || found.node.content.size > 64 * 1024 * 1024) return [];
    return readCacheFile(await cache.files.read(found.node), target.endian) ?? [];
  });
}

function mainObject(process: GlibcProcess, file: Opened, options: LoaderOptions): Mapped {
  const given = newObject(process, file, undefined, [], {
    name: file.path,
    by: undefined,
    via: 'program',
    foundBy: 'itself',
    tried: [],
  });
  const byLoader = options.invocation === 'interpreter';
  const origin = byLoader ? given.origin : dirname(file.realPath);
  // l_name is empty; a loader that was given the path bears it as a name too.
  return { ...given, path: '', identity: undefined, origin, names: new Set(byLoader ? [file.path] : ['']) };
}

/** Why the loader would not take the program itself. */
function programRefusal({ interpreter }: GlibcProcess, { head, elf }: Program): string | undefined {
  const verdict = verifyHeader(head, interpreter);
  if (verdict.kind === 'fatal') return verdict.why;
  if (verdict.kind === 'passed') {
    return verdict.otherClass ? verdict.why : 'cannot open shared object file: No such file or directory';
  }
  return unloadable(elf, 'program');
}

/** The loader itself, which is in the link map under PT_INTERP's name and its soname. */
async function interpreterObject(
  process: GlibcProcess,
  path: string | undefined,
  main: Mapped,
): Promise<Mapped | undefined> {
  if (path === undefined) return undefined;
  const found = await process.cache.find(absolutePath(process, path));
  const name = main.elf.interp ?? path;
  const facts = { name, by: undefined, via: 'interpreter' as const, foundBy: 'path' as const, tried: [] };
  const elf = found.kind === 'file' ? (await process.cache.binary(found.node)).elf : undefined;
  if (found.kind !== 'file' || elf === undefined) {
    const rejected = found.kind === 'missing' ? [] : [{ path, why: 'no ELF file' }];
    process.missing.push({ name: path, by: main.facts.realPath, via: 'interpreter', tried: [path], rejected });
    return undefined;
  }
  const { target } = process.interpreter;
  if (elf.machine !== main.elf.machine || elf.bits !== main.elf.bits || target.endian !== main.elf.endian) {
    const rejected = [{ path, why: `for machine ${elf.machine}, ${elf.bits} bits` }];
    process.missing.push({ name: path, by: main.facts.realPath, via: 'interpreter', tried: [path], rejected });
    return undefined;
  }
  const file: Opened = { path, realPath: found.realPath, hops: found.hops, elf, identity: undefined };
  const names = [path, name, ...(process.interpreter.soname === undefined ? [] : [process.interpreter.soname])];
  return newObject(process, file, undefined, names, facts);
}

/** rtld.c: out of the link map, and back in behind what precedes it in the search list; last where nothing needs it. */
function placeInterpreter(process: GlibcProcess, loader: Mapped, list: readonly Mapped[]): void {
  const { chain } = process;
  chain.splice(chain.indexOf(loader), 1);
  const before = list[list.indexOf(loader) - 1];
  if (before === undefined) {
    chain.push(loader);
    return;
  }
  const by = list.find(({ elf }) => elf.dynamic?.needed.some((name) => loader.names.has(name)));
  const needed = { ...loader, facts: { ...loader.facts, by: by?.facts.realPath } };
  chain.splice(chain.indexOf(before) + 1, 0, needed);
}

/** Opens an object at run time, dlopen(3): `name` as the caller gives it, on behalf of `by`. */
export async function openInGlibc(started: Started, name: string, by: Mapped): Promise<LoadResult> {
  const { process } = started;
  const [missingBefore, skippedBefore] = [process.missing.length, process.skipped.length];
  const before = new Set(process.chain);
  let list: Mapped[] = [];
  let failure: LoaderFailure | undefined;
  try {
    const result = await mapObject(process, { name, via: 'dlopen', by, loader: undefined });
    if ('elf' in result) list = await mapDependencies(process, result);
    else {
      const { tried, rejected } = result;
      process.missing.push({ name, by: by.facts.realPath, via: 'dlopen', tried, rejected });
    }
  } catch (error) {
    if (!(error instanceof LoaderFailure)) throw error;
    failure = error;
  }
  const missing = process.missing.slice(missingBefore);
  return {
    ...resultOf({ process, failure }, list, missing),
    objects: list.map((one) =>
      before.has(one) ? { ...loadedObject(process, one), foundBy: 'loaded' } : loadedObject(process, one),
    ),
    skipped: process.skipped.slice(skippedBefore),
  };
}

export function programResult(started: Started): LoadResult {
  return resultOf(started, started.process.chain, started.process.missing);
}

function resultOf(
  { process, failure }: Started,
  chain: readonly Mapped[],
  missing: readonly MissingObject[],
): LoadResult {
  const names = new Set([...process.missing, ...process.skipped].map(({ name }) => name));
  let fatal = failure;
  let missingVersions: LoadResult['missingVersions'] = [];
  try {
    missingVersions = checkVersions(process.chain, names);
  } catch (error) {
    if (!(error instanceof LoaderFailure)) throw error;
    fatal ??= error;
  }
  const own = new Set(chain.map(({ facts }) => facts.realPath));
  return {
    libc: 'glibc',
    libcVersion: process.interpreter.version,
    objects: chain.map((one) => loadedObject(process, one)),
    variants: [],
    missing: [...missing],
    skipped: [...process.skipped],
    auditing: [],
    missingVersions: missingVersions.filter(({ object }) => own.has(object)),
    configuration: [...process.configuration],
    fatal: fatal && new ImageError('INVALID', fatal.message, { hint: HINT, cause: fatal }),
  };
}

const HINT = 'the loader ends here; remove the file or put the right one in its place';

function loadedObject(process: GlibcProcess, { path, facts }: Mapped): LoadedObject {
  return { ...facts, path: path === '' ? facts.name : absolutePath(process, path) };
}

export type { Via };

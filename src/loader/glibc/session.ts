/** What glibc's ld.so does for a program, and for what the program opens later (rtld.c, dl-open.c). @module */
import { ImageError } from '../../base/errors.ts';
import { dirname } from '../../base/path.ts';
import type { LoaderCache } from '../cache.ts';
import { readCacheFile } from '../cache-file.ts';
import { createEffort } from '../effort.ts';
import { findInterpreter, type Interpreter } from '../interpreter.ts';
import type { Opened } from '../opened.ts';
import type { Session, Start } from '../session.ts';
import type { LoadedObject, LoaderOptions, LoadResult } from '../types.ts';
import { verifyHeader } from '../verify.ts';
import { mapDependencies } from './dependencies.ts';
import { activeLevels, subdirectories } from './hwcaps.ts';
import { isMapped, mapObject, newObject, refusal } from './map.ts';
import { mapAuditors, mapPreloads } from './preload.ts';
import {
  absolutePath,
  addObject,
  forkProcess,
  type GlibcProcess,
  LoaderFailure,
  type Mapped,
  type Setting,
} from './process.ts';
import { directories, tokensOf } from './search.ts';
import { missingVersions } from './versions.ts';

const CACHE_LIMIT = 64 * 1024 * 1024;

export async function startGlibc(cache: LoaderCache, start: Start): Promise<Session> {
  const setting = await createSetting(cache, start);
  const main = mainObject(setting, start);
  const process = createProcess(setting, main, start.options);
  const loader = await loaderObject(process, start);
  if (loader !== undefined) addObject(process, loader, namesOf(loader, start.interpreter));
  const outcome = await runToEnd(async () => {
    const why = programRefusal(setting, start.file);
    if (why !== undefined) throw new LoaderFailure(start.file.path, why);
    const auditing = await mapAuditors(process, loader);
    const list = await mapDependencies(process, main, await mapPreloads(process));
    if (loader !== undefined) placeLoader(process, loader, list);
    return { auditing, versions: missingVersions(process, process.chain) };
  });
  const program: LoadResult = {
    ...resultOf(process, process.chain, outcome.failure),
    auditing: (outcome.value?.auditing ?? []).map((one) => loadedObject(process, one)),
    missingVersions: outcome.value?.versions ?? [],
  };
  return { program, open: (name, by) => open(process, name, by) };
}

async function createSetting(
  cache: LoaderCache,
  { file, interpreter, interpreterPath, options }: Start,
): Promise<Setting> {
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
    kind: `${interpreterPath} ${levels[0]} ${platform}`,
    libraries: await readLibraries(cache, interpreter),
    configuration: new Set(),
    effort: createEffort(file.path),
  };
}

/** ld.so.cache; one that the loader would not take counts as none. */
async function readLibraries(cache: LoaderCache, { cachePath, target }: Interpreter) {
  return cache.memo(`ld.so.cache:${cachePath}:${target.endian}`, async () => {
    const found = await cache.find(cachePath);
    if (found.kind !== 'file' || found.node.content.size > CACHE_LIMIT) return undefined;
    return readCacheFile(await cache.files.read(found.node), target.endian);
  });
}

function createProcess(setting: Setting, main: Mapped, options: LoaderOptions): GlibcProcess {
  const path = options.env?.['LD_LIBRARY_PATH'] ?? '';
  const libraryPath = path === '' ? [] : directories(path.split(/[:;]/), tokensOf(setting, main));
  const names = new Map<string, { object: Mapped; asked: boolean }>();
  const lists = { chain: [], files: new Map(), missing: [], skipped: [] };
  const process: GlibcProcess = { setting, main, libraryPath, names, ...lists, interpreterBy: undefined };
  // A program that the kernel starts has no name; one that the loader was given bears that path.
  addObject(process, main, options.invocation === 'interpreter' ? [main.facts.name] : []);
  return process;
}

/** Its path is empty in the link map, and it is not recognised by its file. */
function mainObject(setting: Setting, { file, options }: Start): Mapped {
  const facts = { name: file.path, by: undefined, via: 'program' as const, foundBy: 'itself' as const, tried: [] };
  const unnamed = { ...file, identity: undefined };
  // The kernel starts what a link leads to; a loader that is given the link knows no better.
  const origin = options.invocation === 'interpreter' ? undefined : dirname(file.realPath);
  return { ...newObject(setting, unnamed, undefined, facts, origin), path: '' };
}

/** Why the loader would not take the program itself. */
function programRefusal({ interpreter }: Setting, { head, elf }: Opened): string | undefined {
  const verdict = verifyHeader(head, interpreter);
  if (verdict.kind === 'fatal') return verdict.why;
  if (verdict.kind === 'taken') return refusal(elf, 'program');
  return verdict.otherClass ? verdict.why : 'cannot open shared object file: No such file or directory';
}

/** The loader as an object; undefined, with a note, where it is missing or for another machine. */
async function loaderObject(process: GlibcProcess, { file, interpreterPath }: Start): Promise<Mapped | undefined> {
  if (interpreterPath === undefined) return undefined;
  const { cache, cwd } = process.setting;
  const found = await findInterpreter(cache, absolutePath({ cwd }, interpreterPath), file.elf);
  if (found.kind === 'unfit') {
    const facts = { name: interpreterPath, by: file.realPath, via: 'interpreter' as const };
    process.missing.push({ ...facts, tried: [interpreterPath], rejected: found.rejected });
    return undefined;
  }
  const name = file.elf.interp ?? interpreterPath;
  const facts = { name, by: undefined, via: 'interpreter' as const, foundBy: 'path' as const, tried: [] };
  const opened = { ...found.file, path: interpreterPath, identity: undefined };
  return newObject(process.setting, opened, undefined, facts);
}

/** PT_INTERP's text and the loader's soname. */
function namesOf({ facts, path }: Mapped, { soname }: Interpreter): string[] {
  return [facts.name, path, ...(soname === undefined ? [] : [soname])];
}

/** rtld.c takes the loader out of the link map, and puts it in again behind what precedes it in the search list. */
function placeLoader({ chain }: GlibcProcess, loader: Mapped, list: readonly Mapped[]): void {
  chain.splice(chain.indexOf(loader), 1);
  const before = list[list.indexOf(loader) - 1];
  chain.splice(before === undefined ? chain.length : chain.indexOf(before) + 1, 0, loader);
}

async function open(started: GlibcProcess, name: string, byPath: string | undefined): Promise<LoadResult> {
  const process = forkProcess(started);
  const by = await caller(process, byPath);
  const before = new Set(process.chain);
  const { value, failure } = await runToEnd(async () => {
    const object = await mapObject(process, { name, via: 'dlopen', by, loader: undefined });
    if (isMapped(object)) {
      const list = await mapDependencies(process, object);
      const added = list.filter((one) => !before.has(one));
      return { list, versions: missingVersions(process, added) };
    }
    const { tried, rejected } = object;
    process.missing.push({ name, by: by.realPath, via: 'dlopen', tried, rejected });
    return undefined;
  });
  const result = resultOf(process, value?.list ?? [], failure);
  const objects = result.objects.map((one, i) =>
    before.has(value?.list[i] as Mapped) ? { ...one, foundBy: 'loaded' as const } : one,
  );
  return { ...result, objects, missingVersions: value?.versions ?? [] };
}

/** The object that calls dlopen(3): one of the process, or a module that is opened first; else the program. */
async function caller(process: GlibcProcess, path: string | undefined): Promise<Mapped> {
  if (path === undefined) return process.main;
  const found = await process.setting.cache.find(absolutePath(process.setting, path));
  const realPath = found.kind === 'missing' ? undefined : found.realPath;
  const loaded = () => process.chain.find((one) => one.realPath === realPath);
  const known = loaded();
  if (known !== undefined || realPath === undefined) return known ?? process.main;
  const request = { name: path, via: 'dlopen' as const, by: process.main, loader: undefined };
  await runToEnd(async () => {
    const module = await mapObject(process, request);
    if (isMapped(module)) await mapDependencies(process, module);
  });
  process.missing.length = 0;
  process.skipped.length = 0;
  return loaded() ?? process.main;
}

/** A failure of the loader is part of the answer. */
async function runToEnd<T>(work: () => Promise<T>): Promise<{ value?: T; failure?: LoaderFailure }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof LoaderFailure) return { failure: error };
    throw error;
  }
}

function resultOf(process: GlibcProcess, objects: readonly Mapped[], failure: LoaderFailure | undefined): LoadResult {
  const { interpreter, configuration } = process.setting;
  return {
    libc: interpreter.libc,
    libcVersion: interpreter.version,
    objects: objects.map((one) => loadedObject(process, one)),
    variants: [],
    missing: process.missing,
    skipped: process.skipped,
    auditing: [],
    missingVersions: [],
    configuration: [...configuration],
    fatal: failure && new ImageError('INVALID', failure.message, { hint: HINT, cause: failure }),
  };
}

const HINT = 'the loader ends here: remove the file that it names, or put the right one in its place';

function loadedObject(process: GlibcProcess, { path, facts }: Mapped): LoadedObject {
  const by = facts.via === 'interpreter' ? process.interpreterBy?.realPath : facts.by;
  return { ...facts, by, path: absolutePath(process.setting, path === '' ? facts.name : path) };
}

/** Finding a shared object by name: the places of `_dl_map_object` in their order (glibc's dl-load.c; ld.so(8)). @module */
import { DF_1 } from '../../formats/elf/constants.ts';
import type { Opened } from '../opened.ts';
import type { FoundBy, MissingObject } from '../types.ts';
import { lookUpCache } from './cache-lookup.ts';
import { openObject } from './open.ts';
import { absolutePath, type GlibcProcess, type Mapped, type Setting } from './process.ts';
import { expandTokens, type Tokens } from './tokens.ts';

/** One look-up: how it ended, and what was tried on the way. */
export interface Search {
  readonly found: { readonly file: Opened; readonly foundBy: FoundBy } | undefined;
  readonly tried: readonly string[];
  readonly rejected: MissingObject['rejected'];
}

interface Trail {
  readonly tried: string[];
  readonly rejected: { path: string; why: string }[];
}

/**
 * @param by on whose behalf: its RPATH or RUNPATH counts
 * @throws LoaderFailure where a file on the way ends the loader
 */
export async function search(process: GlibcProcess, by: Mapped, name: string, audit = false): Promise<Search> {
  const trail: Trail = { tried: [], rejected: [] };
  const found = await (name.includes('/')
    ? byPath(process, by, name, trail)
    : byName({ process, by, name, trail, audit }));
  return { found, ...trail };
}

async function byPath(process: GlibcProcess, by: Mapped, name: string, trail: Trail): Promise<Search['found']> {
  const file = await attempt(process.setting, expandTokens(name, tokensOf(process.setting, by)), trail);
  return typeof file === 'string' ? undefined : { file, foundBy: 'path' };
}

interface Wanted {
  readonly process: GlibcProcess;
  readonly by: Mapped;
  readonly name: string;
  readonly trail: Trail;
  readonly audit: boolean;
}

/** Each place is asked only when those before had nothing. */
async function byName(wanted: Wanted): Promise<Search['found']> {
  const { process, by } = wanted;
  const steps: [FoundBy, () => Promise<Opened | undefined>][] = [
    ['rpath', () => inRpaths(wanted)],
    ['runpath', async () => (wanted.audit ? inDirectories(wanted, process.main.runpath ?? []) : undefined)],
    ['library-path', () => inDirectories(wanted, process.libraryPath)],
    ['runpath', () => inDirectories(wanted, by.runpath ?? [])],
    ['cache', () => inCache(wanted)],
    ['default', () => inSystemDirectories(wanted)],
  ];
  for (const [foundBy, step] of steps) {
    const file = await step();
    if (file !== undefined) return { file, foundBy };
  }
  return undefined;
}

/** DT_RPATH of the object, of what loaded it, and so on up, then of the program; none of it where the object has RUNPATH. */
async function inRpaths(wanted: Wanted): Promise<Opened | undefined> {
  const { process, by } = wanted;
  if (by.runpath !== undefined) return undefined;
  const owners = new Set<Mapped>();
  for (let one: Mapped | undefined = by; one !== undefined; one = one.loader) owners.add(one);
  for (const { rpath } of owners.add(process.main)) {
    const file = await inDirectories(wanted, rpath);
    if (file !== undefined) return file;
  }
  return undefined;
}

/**
 * Elements of a search path as the loader keeps them: tokens expanded, one slash at the end, each once. `''` stands for the
 * working directory; an element that a token without value makes useless is dropped.
 */
export function directories(elements: readonly string[], tokens: Tokens): string[] {
  const out = new Set<string>();
  for (const element of elements) {
    const dir = expandTokens(element, tokens);
    if (dir !== '') out.add(`${dir.replace(/\/+$/, '')}/`);
    else if (element === '') out.add('');
  }
  return [...out];
}

export function tokensOf({ interpreter, platform }: Setting, { origin }: Pick<Mapped, 'origin'>): Tokens {
  return { ORIGIN: origin, LIB: interpreter.lib, PLATFORM: platform };
}

async function inDirectories({ process, name, trail }: Wanted, dirs: readonly string[]): Promise<Opened | undefined> {
  for (const dir of dirs) {
    for (const sub of [...(await presentIn(process.setting, dir)), '']) {
      const result = await attempt(process.setting, `${dir}${sub}${name}`, trail);
      if (typeof result !== 'string') return result;
      // An error other than "not there", in a directory that exists, ends this list (open_path).
      if (result === 'stops' && sub === '' && (await isDirectory(process.setting, dir))) return undefined;
    }
  }
  return undefined;
}

/** The subdirectories for better CPUs that the directory has. */
async function presentIn(setting: Setting, dir: string): Promise<readonly string[]> {
  const { subdirectories } = setting;
  if (subdirectories.length === 0) return subdirectories;
  const key = `subdirectories:${setting.kind}:${absolutePath(setting, dir)}`;
  return setting.cache.memo(key, async () => {
    const present: string[] = [];
    for (const sub of subdirectories) if (await isDirectory(setting, dir + sub)) present.push(sub);
    return present;
  });
}

function isDirectory(setting: Setting, dir: string): Promise<boolean> {
  return setting.cache.isDirectory(absolutePath(setting, dir));
}

async function inSystemDirectories(wanted: Wanted): Promise<Opened | undefined> {
  if (hasNoDefaults(wanted.by)) return undefined;
  return inDirectories(wanted, wanted.process.setting.interpreter.systemDirs);
}

function hasNoDefaults({ elf }: Mapped): boolean {
  return ((elf.dynamic?.flags1 ?? 0) & DF_1.NODEFLIB) !== 0;
}

async function inCache({ process: { setting }, by, name, trail }: Wanted): Promise<Opened | undefined> {
  const { interpreter, libraries, configuration } = setting;
  if (libraries !== undefined) configuration.add(interpreter.cachePath);
  const path = await setting.cache.memo(`cached:${setting.kind}:${name}`, async () => lookUpCache(setting, name));
  if (path === undefined || (hasNoDefaults(by) && interpreter.systemDirs.some((dir) => path.startsWith(dir)))) {
    return undefined;
  }
  const file = await attempt(setting, path, trail);
  return typeof file === 'string' ? undefined : file;
}

async function attempt(setting: Setting, path: string, trail: Trail): Promise<Opened | 'absent' | 'stops'> {
  setting.effort.look();
  const result = await openObject(setting, path);
  if (result.kind === 'opened') return result.file;
  trail.tried.push(path);
  if (result.kind === 'absent') return result.stops ? 'stops' : 'absent';
  trail.rejected.push({ path, why: result.why });
  return 'absent';
}

/**
 * What the dynamic loader would do, for any architecture on any host, without running anything: `loadProgram` for the start
 * of a program, `loadModule` and `loadByName` for dlopen(3) in its process.
 * @module
 */
import { ImageError } from '../base/errors.ts';
import { joinPath } from '../base/path.ts';
import { ET } from '../formats/elf/constants.ts';
import type { Elf } from '../formats/elf/types.ts';
import type { Files } from '../ports/files.ts';
import { createLoaderCache, type LoaderCache } from './cache.ts';
import { startGlibc } from './glibc/session.ts';
import { readInterpreter } from './interpreter.ts';
import { machineOf } from './machine.ts';
import { startMusl } from './musl/session.ts';
import type { Opened } from './opened.ts';
import type { Session } from './session.ts';
import type { ByNameOptions, LoaderOptions, LoadResult, ModuleOptions } from './types.ts';
import { variantsOf } from './variants.ts';

/**
 * What starting the program at `path` would load. A library is looked at as if the loader were given it (`ld.so LIBRARY`).
 * @throws ImageError NOT_FOUND where nothing is at the path, INVALID where it is no ELF file, USAGE for a CPU level that the
 *   loader does not know
 */
export async function loadProgram(files: Files, path: string, options: LoaderOptions = {}): Promise<LoadResult> {
  const cache = options.cache ?? createLoaderCache(files);
  const file = await openProgram(cache, path, options);
  if (options.interpreter === undefined && isStatic(file.elf)) return staticResult(file);
  const load = async (level: LoaderOptions) => (await startedSession(cache, file, level)).program;
  return variantsOf(load, options, await levelsFor(cache, file, options));
}

/**
 * What dlopen(3) of the file at `path` would load, in the process of `program`: the module first, then all it needs in the
 * order of symbol look-up; objects that the program has already have `foundBy: 'loaded'`.
 * @throws as `loadProgram`; a module that cannot be opened is in `missing` or `fatal`
 */
export async function loadModule(files: Files, path: string, options: ModuleOptions = {}): Promise<LoadResult> {
  return loadByName(files, path, options);
}

/** What dlopen(3) of `name` would load when the object `by` calls it, in the process of `program`. See `loadModule`. */
export async function loadByName(files: Files, name: string, options: ByNameOptions = {}): Promise<LoadResult> {
  const { program = options.by, by } = options;
  if (program === undefined || program === name) return loadProgram(files, name, options);
  const cache = options.cache ?? createLoaderCache(files);
  const file = await openProgram(cache, program, options);
  const load = async (level: LoaderOptions) => (await startedSession(cache, file, level)).open(name, by);
  return variantsOf(load, options, await levelsFor(cache, file, options));
}

async function openProgram(cache: LoaderCache, path: string, options: LoaderOptions): Promise<Opened> {
  const found = await cache.find(joinPath(options.cwd ?? '/', path));
  if (found.kind === 'missing') throw new ImageError('NOT_FOUND', `${path}: no such file`);
  if (found.kind === 'other') throw new ImageError('INVALID', `${path} is a ${found.node.kind}, not a program`);
  const { head, elf, broken } = await cache.binary(found.node);
  if (elf === undefined) throw broken ?? new ImageError('INVALID', `${path} is no ELF file`);
  const { realPath, hops, node } = found;
  return { path, realPath, hops, head, elf, identity: node.link ?? realPath };
}

/** Neither an interpreter nor anything needed, and no name to be found by: the kernel starts it alone. */
function isStatic({ interp, dynamic, type }: Elf): boolean {
  if (interp !== undefined) return false;
  return dynamic === undefined ? type === ET.EXEC : dynamic.needed.length === 0 && dynamic.soname === undefined;
}

function staticResult({ path, realPath, hops }: Opened): LoadResult {
  return {
    libc: 'unknown',
    libcVersion: undefined,
    objects: [{ name: path, path, realPath, hops, by: undefined, via: 'program', foundBy: 'itself', tried: [] }],
    variants: [],
    missing: [],
    skipped: [],
    auditing: [],
    missingVersions: [],
    configuration: [],
    fatal: undefined,
  };
}

/** The program started; once for all that is asked of the same process. */
async function startedSession(cache: LoaderCache, file: Opened, options: LoaderOptions): Promise<Session> {
  const { env = {}, cpu, platform, cwd, invocation, interpreter } = options;
  const setting = Object.entries(env)
    .filter(([name]) => name.startsWith('LD_'))
    .sort();
  const key = JSON.stringify([file.path, setting, cpu, platform, cwd, invocation, interpreter]);
  return cache.memo(`session:${key}`, () => startSession(cache, file, options));
}

async function startSession(cache: LoaderCache, file: Opened, options: LoaderOptions): Promise<Session> {
  const interpreterPath = await interpreterPathOf(cache, file, options);
  const interpreter = await readInterpreter(cache, interpreterPath, file.elf, {
    chosen: options.interpreter !== undefined,
  });
  if (interpreter.libc === 'musl' && interpreterPath !== undefined) {
    return startMusl(cache, { file, interpreter, interpreterPath, options });
  }
  return startGlibc(cache, { file, interpreter, interpreterPath, options });
}

async function interpreterPathOf(cache: LoaderCache, { elf }: Opened, options: LoaderOptions) {
  return options.interpreter ?? elf.interp ?? (await usualInterpreter(cache, elf));
}

/** For a library that is looked at by itself: the loader of its machine, of the libc that it needs. */
async function usualInterpreter(cache: LoaderCache, elf: Elf): Promise<string | undefined> {
  const machine = machineOf(elf);
  if (machine === undefined) return undefined;
  const musl = machine.musl === undefined ? [] : [`/lib/ld-musl-${machine.musl}.so.1`];
  const forMusl = elf.dynamic?.needed.some((name) => name === 'libc.so' || name.startsWith('libc.musl-')) ?? false;
  for (const path of forMusl ? [...musl, machine.glibc] : [machine.glibc, ...musl]) {
    if ((await cache.find(path)).kind === 'file') return path;
  }
  return undefined;
}

/** CPU levels that the program's loader tells apart. */
async function levelsFor(cache: LoaderCache, file: Opened, options: LoaderOptions): Promise<readonly string[]> {
  if (options.cpu !== 'all') return [];
  return (await readInterpreter(cache, await interpreterPathOf(cache, file, options), file.elf)).levels;
}

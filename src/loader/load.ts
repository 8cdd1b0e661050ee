/**
 * What the dynamic loader would do, for any architecture on any host, without running anything: `loadProgram` for the start
 * of a program, `loadModule` and `loadByName` for dlopen(3) in its process.
 * @module
 */
import { ImageError } from '../base/errors.ts';
import { joinPath } from '../base/path.ts';
import type { Elf } from '../formats/elf/types.ts';
import type { Files } from '../ports/files.ts';
import { createLoaderCache, type LoaderCache } from './cache.ts';
import { openInGlibc, type Program, programResult, type Started, startGlibc } from './glibc/load.ts';
import type { Mapped, Opened } from './glibc/process.ts';
import { libcByName, readInterpreter } from './interpreter.ts';
import { machineOf } from './machine.ts';
import type { ByNameOptions, LoaderOptions, LoadResult, ModuleOptions } from './types.ts';

/**
 * What starting the program at `path` would load.
 * @throws ImageError NOT_FOUND where nothing is at the path, INVALID where it is no ELF file
 */
export async function loadProgram(files: Files, path: string, options: LoaderOptions = {}): Promise<LoadResult> {
  const cache = options.cache ?? createLoaderCache(files);
  const file = await openProgram(cache, path, options);
  if (options.interpreter === undefined && isStatic(file.elf)) return staticResult(file);
  return programResult(await start(cache, file, options));
}

/**
 * What dlopen(3) of the file at `path` would load, in the process of `program`: the module first, then all it needs in the
 * order of symbol look-up; objects that the program has already have `foundBy: 'loaded'`.
 */
export async function loadModule(files: Files, path: string, options: ModuleOptions = {}): Promise<LoadResult> {
  return loadByName(files, path, options);
}

/** What dlopen(3) of `name` would load when the object `by` calls it, in the process of `program`. */
export async function loadByName(files: Files, name: string, options: ByNameOptions = {}): Promise<LoadResult> {
  const cache = options.cache ?? createLoaderCache(files);
  const program = options.program ?? options.by ?? name;
  const file = await openProgram(cache, program, options);
  const started = await start(cache, file, options);
  if (program === name) return programResult(started);
  const by = await caller(started, options.by);
  return openInGlibc(started, name, by);
}

/** The object that calls: in the link map, or a module that is opened first. */
async function caller(started: Started, by: string | undefined): Promise<Mapped> {
  const { process } = started;
  const main = process.chain[0] as Mapped;
  if (by === undefined) return main;
  const find = async () => {
    const found = await process.cache.find(joinPath(process.cwd, by));
    const realPath = found.kind === 'missing' ? undefined : found.realPath;
    return process.chain.find((one) => one.facts.realPath === realPath);
  };
  const loaded = await find();
  if (loaded !== undefined) return loaded;
  await openInGlibc(started, by, main);
  return (await find()) ?? main;
}

async function openProgram(cache: LoaderCache, path: string, options: LoaderOptions): Promise<Program> {
  const found = await cache.find(joinPath(options.cwd ?? '/', path));
  if (found.kind === 'missing') throw new ImageError('NOT_FOUND', `${path}: no such file`);
  if (found.kind === 'other') throw new ImageError('INVALID', `${path} is a ${found.node.kind}, no program`);
  const { head, elf, broken } = await cache.binary(found.node);
  if (elf === undefined) throw broken ?? new ImageError('INVALID', `${path} is no ELF file`);
  const { realPath, hops, node } = found;
  return { path, realPath, hops, elf, head, identity: node.link ?? realPath };
}

/** Neither an interpreter nor anything needed, and no name to be found by: the kernel starts it alone. */
function isStatic({ interp, dynamic, type }: Elf): boolean {
  if (interp !== undefined) return false;
  return dynamic === undefined ? type === 2 : dynamic.needed.length === 0 && dynamic.soname === undefined;
}

function staticResult({ path, realPath, hops }: Opened): LoadResult {
  const via = 'program' as const;
  return {
    libc: 'unknown',
    libcVersion: undefined,
    objects: [{ name: path, path, realPath, hops, by: undefined, via, foundBy: 'itself', tried: [] }],
    variants: [],
    missing: [],
    skipped: [],
    auditing: [],
    missingVersions: [],
    configuration: [],
    fatal: undefined,
  };
}

async function start(cache: LoaderCache, file: Program, options: LoaderOptions): Promise<Started> {
  const path = options.interpreter ?? file.elf.interp ?? (await usualInterpreter(cache, file.elf));
  const interpreter = await readInterpreter(cache, path, file.elf);
  return startGlibc(cache, file, interpreter, path, options);
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

export { libcByName };

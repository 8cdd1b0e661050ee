/** What musl's loader does for a program, and for what the program opens later (ldso/dynlink.c). @module */
import { decodeName } from '../../base/names.ts';
import type { LoaderCache } from '../cache.ts';
import { createEffort } from '../effort.ts';
import { findInterpreter, type Interpreter } from '../interpreter.ts';
import type { Session, Start } from '../session.ts';
import type { LoadedObject, LoadResult, MissingObject } from '../types.ts';
import { isLoaded, type LibraryRequest, loadLibrary, originOf, searchPathOf } from './library.ts';
import { absolutePath, forkProcess, type MuslObject, type MuslProcess } from './process.ts';

const DEFAULT_PATH = '/lib:/usr/local/lib:/usr/lib';
const PATH_FILE_LIMIT = 1024 * 1024;

export async function startMusl(cache: LoaderCache, start: Start & { interpreterPath: string }): Promise<Session> {
  const { interpreter, interpreterPath, options } = start;
  const { text: systemPath, configuration } = await systemSearchPath(cache, interpreterPath, interpreter);
  const missing: MissingObject[] = [];
  const main = mainObject(start);
  const process: MuslProcess = {
    cache,
    interpreter,
    cwd: options.cwd ?? '/',
    libraryPath: options.env?.['LD_LIBRARY_PATH'] ?? '',
    systemPath,
    configuration,
    main,
    self: await selfObject(cache, start, missing),
    chain: [main],
    files: new Map(),
    shortNames: new Map(),
    missing,
    skipped: [],
    selfNeededBy: undefined,
    effort: createEffort(start.file.path),
  };
  for (const name of (options.env?.['LD_PRELOAD'] ?? '').split(/[\s:]+/)) {
    if (name !== '') await request(process, { name, via: 'preload', by: undefined }, process.skipped);
  }
  await loadDependencies(process, main);
  const { self, chain } = process;
  const objects = self === undefined || chain.includes(self) ? chain : [...chain, self];
  return { program: resultOf(process, objects), open: (name) => open(process, name) };
}

function mainObject({ file, options }: Start): MuslObject {
  const { path, realPath, hops, elf } = file;
  const facts = { name: path, realPath, hops, by: undefined, via: 'program', foundBy: 'itself', tried: [] } as const;
  const searchPath = searchPathOf(elf, originOf(options.invocation === 'interpreter' ? path : realPath));
  return { path, realPath, elf, searchPath, neededBy: undefined, needs: [], facts };
}

/** The loader; undefined, with a note, where it is missing or for another machine. */
async function selfObject(
  cache: LoaderCache,
  { file, interpreterPath: path, options }: Start & { interpreterPath: string },
  missing: MissingObject[],
): Promise<MuslObject | undefined> {
  const found = await findInterpreter(cache, absolutePath(options.cwd ?? '/', path), file.elf);
  if (found.kind === 'unfit') {
    const { rejected } = found;
    missing.push({ name: path, by: file.realPath, via: 'interpreter', tried: [path], rejected });
    return undefined;
  }
  const { realPath, hops, elf } = found.file;
  const name = file.elf.interp ?? path;
  const facts = { name, realPath, hops, by: undefined, via: 'interpreter', foundBy: 'path', tried: [] } as const;
  return { path, realPath, elf, searchPath: '', neededBy: undefined, needs: [], facts };
}

/** `PREFIX/etc/ld-musl-ARCH.path`, where PREFIX is the loader's path without its last two components. */
async function systemSearchPath(
  cache: LoaderCache,
  interpreterPath: string,
  { muslArch }: Interpreter,
): Promise<{ text: string; configuration: readonly string[] }> {
  const prefix = interpreterPath.startsWith('/') ? interpreterPath.split('/').slice(0, -2).join('/') : '';
  const path = `${prefix}/etc/ld-musl-${muslArch}.path`;
  const found = await cache.find(path);
  if (found.kind === 'missing') return { text: found.why === 'absent' ? DEFAULT_PATH : '', configuration: [] };
  const readable = found.kind === 'file' && found.node.content.size <= PATH_FILE_LIMIT;
  const text = readable ? decodeName(await cache.files.read(found.node)) : '';
  return { text: text.split('\0', 1)[0] ?? '', configuration: [path] };
}

/** The direct needs of the object and of everything behind it in the list, which grows meanwhile. */
async function loadDependencies(process: MuslProcess, from: MuslObject): Promise<void> {
  for (let at = process.chain.indexOf(from); at < process.chain.length; at++) {
    const by = process.chain[at] as MuslObject;
    if (by === process.self) continue;
    for (const name of by.elf.dynamic?.needed ?? []) {
      const needed = await request(process, { name, via: 'needed', by }, process.missing);
      if (needed !== undefined) by.needs.push(needed);
    }
  }
}

async function request(
  process: MuslProcess,
  wanted: LibraryRequest,
  failures: MissingObject[],
): Promise<MuslObject | undefined> {
  const result = await loadLibrary(process, wanted);
  if (isLoaded(result)) return result;
  const { name, via, by = process.main } = wanted;
  failures.push({ name, by: by.realPath, via, tried: result.tried, rejected: result.rejected });
  return undefined;
}

/** dlopen(3): whoever calls it, only the program's search path counts. */
async function open(started: MuslProcess, name: string): Promise<LoadResult> {
  const process = forkProcess(started);
  const known = new Set(started.chain);
  const module = await request(process, { name, via: 'dlopen', by: process.main }, process.missing);
  if (module !== undefined && !known.has(module)) await loadDependencies(process, module);
  const list = new Set(module === undefined ? [] : [module]);
  // Grows while it is walked: breadth first.
  for (const object of list) for (const needed of object.needs) list.add(needed);
  const result = resultOf(process, [...list]);
  const before = [...list].map((one) => known.has(one) || one === process.self);
  const objects = result.objects.map((one, i) => (before[i] ? { ...one, foundBy: 'loaded' as const } : one));
  return { ...result, objects };
}

function resultOf(process: MuslProcess, objects: readonly MuslObject[]): LoadResult {
  const { interpreter, missing, skipped, configuration } = process;
  return {
    libc: interpreter.libc,
    libcVersion: interpreter.version,
    objects: objects.map((one) => loadedObject(process, one)),
    variants: [],
    missing,
    skipped,
    auditing: [],
    missingVersions: [],
    configuration,
    fatal: undefined,
  };
}

function loadedObject({ cwd, selfNeededBy }: MuslProcess, { path, facts }: MuslObject): LoadedObject {
  const by = facts.via === 'interpreter' ? selfNeededBy?.realPath : facts.by;
  return { ...facts, by, path: absolutePath(cwd, path) };
}

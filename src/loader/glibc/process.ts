/** A process as glibc's loader sees it: the link map, and what applies to all look-ups. @module */

import type { LoaderCache } from '../cache.ts';
import type { CacheEntry } from '../cache-entry.ts';
import type { Effort } from '../effort.ts';
import type { Interpreter } from '../interpreter.ts';
import type { Opened } from '../opened.ts';
import type { CpuLevel, LoadedObject, MissingObject } from '../types.ts';

/** An object that is mapped (`struct link_map`). */
export interface Mapped extends Pick<Opened, 'realPath' | 'elf'> {
  /** l_name: the path it was opened by; `''` for the program. */
  readonly path: string;
  /** See `Opened`; undefined for the program and the loader, which are never recognised by their file. */
  readonly identity: unknown;
  /** l_origin: what `$ORIGIN` stands for in it. */
  readonly origin: string;
  /** Directories of DT_RPATH, tokens expanded; none where there is a DT_RUNPATH. */
  readonly rpath: readonly string[];
  /** Directories of DT_RUNPATH; undefined without one. */
  readonly runpath: readonly string[] | undefined;
  /** l_loader: the object that caused it to be loaded; undefined for the program and what dlopen(3) loaded. */
  readonly loader: Mapped | undefined;
  /** What `LoadedObject` says of it, its path excepted. */
  readonly facts: Omit<LoadedObject, 'path'>;
}

/** What does not change while a process runs. */
export interface Setting {
  readonly cache: LoaderCache;
  readonly interpreter: Interpreter;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly platform: string | undefined;
  /** Subdirectories tried below each directory, best first, each with a slash; the directory itself comes last. */
  readonly subdirectories: readonly string[];
  /** Active glibc-hwcaps levels, best first. */
  readonly levels: readonly CpuLevel[];
  /** Equal for settings that search alike: for what is remembered between processes. */
  readonly kind: string;
  /** ld.so.cache in its own order; undefined without one. */
  readonly libraries: readonly CacheEntry[] | undefined;
  readonly configuration: Set<string>;
  /** Bounds the work that hostile files can ask for. */
  readonly effort: Effort;
}

/** One name space: what its objects are and by which names they are known. */
export interface GlibcProcess {
  readonly setting: Setting;
  /** Of the process, also in a name space that it is not in: its RPATH counts there too. */
  readonly main: Mapped;
  /** Of LD_LIBRARY_PATH, tokens expanded. */
  readonly libraryPath: readonly string[];
  /** The objects in the order of the link map. */
  readonly chain: Mapped[];
  /** `Opened.identity` → object. */
  readonly files: Map<unknown, Mapped>;
  /** Name → the object that bears it. `asked`: a look-up went by that name, so that versions may be wanted of it. */
  readonly names: Map<string, { readonly object: Mapped; asked: boolean }>;
  readonly missing: MissingObject[];
  readonly skipped: MissingObject[];
  /** Who first needed the loader itself as a library. */
  interpreterBy: Mapped | undefined;
}

/** The loader gives up with this message: `_dl_signal_error`. Becomes `LoadResult.fatal`. */
export class LoaderFailure extends Error {
  /** The name or path that the message begins with. */
  readonly subject: string;
  readonly reason: string;

  constructor(subject: string, reason: string) {
    super(`${subject}: ${reason}`);
    this.name = 'LoaderFailure';
    this.subject = subject;
    this.reason = reason;
  }
}

/** Puts an object at the end of the link map. */
export function addObject(process: GlibcProcess, object: Mapped, askedFor: readonly string[]): void {
  process.setting.effort.object();
  process.chain.push(object);
  if (object.identity !== undefined) process.files.set(object.identity, object);
  for (const name of askedFor) if (!process.names.has(name)) process.names.set(name, { object, asked: true });
  for (const name of [object.path, object.elf.dynamic?.soname]) {
    if (name !== undefined && name !== '' && !process.names.has(name)) {
      process.names.set(name, { object, asked: name === object.path });
    }
  }
}

/** The same process, to be changed apart. */
export function forkProcess(process: GlibcProcess): GlibcProcess {
  const names = new Map([...process.names].map(([name, entry]) => [name, { ...entry }]));
  return { ...process, names, chain: [...process.chain], files: new Map(process.files), missing: [], skipped: [] };
}

/** A path as the process means it. */
export function absolutePath({ cwd }: Pick<Setting, 'cwd'>, path: string): string {
  return path.startsWith('/') ? path : `${cwd === '/' ? '' : cwd}/${path}`;
}

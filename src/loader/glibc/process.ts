/** A process as glibc's loader sees it: the link map, and what applies to all look-ups. @module */
import type { Elf } from '../../formats/elf/types.ts';
import type { Hop } from '../../model/resolve.ts';
import type { LoaderCache } from '../cache.ts';
import type { CacheEntry } from '../cache-file.ts';
import type { Interpreter } from '../interpreter.ts';
import type { CpuLevel, FoundBy, LoadedObject, MissingObject, Via } from '../types.ts';

/** An object that is mapped (`struct link_map`). */
export interface Mapped {
  /** l_name: the path it was opened by, as it was put together; `''` for the program. */
  readonly path: string;
  /** l_libname: names it was asked for by, and its soname once somebody asked for that. */
  readonly names: Set<string>;
  /** What it is the same file by: a hard link's token, else the physical path; undefined for the program. */
  readonly identity: unknown;
  readonly elf: Elf;
  /** l_origin: what `$ORIGIN` stands for in it. */
  readonly origin: string | undefined;
  /** l_loader: the object that caused it to be loaded; undefined for the program and what dlopen(3) loaded. */
  readonly loader: Mapped | undefined;
  /** What {@link LoadedObject} says of it. */
  readonly facts: Pick<LoadedObject, 'name' | 'realPath' | 'hops' | 'by' | 'via' | 'foundBy' | 'tried' | 'level'>;
}

export interface GlibcProcess {
  readonly cache: LoaderCache;
  readonly interpreter: Interpreter;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly platform: string | undefined;
  /** Subdirectories tried below each directory, best first; the directory itself (`''`) comes last. */
  readonly subdirectories: readonly string[];
  /** Active glibc-hwcaps levels, best first. */
  readonly levels: readonly CpuLevel[];
  /** ld.so.cache in its own order; empty without one. */
  readonly libraries: readonly CacheEntry[];
  /** Of LD_LIBRARY_PATH, tokens expanded. */
  libraryPath: readonly string[];
  /** All objects in the order of the link map, the program first. */
  readonly chain: Mapped[];
  readonly missing: MissingObject[];
  readonly skipped: MissingObject[];
  readonly configuration: Set<string>;
}

/** The loader gives up with this message: `_dl_signal_error`. Inside the loader only; turned into `LoadResult.fatal`. */
export class LoaderFailure extends Error {
  /** What it is about: the name or path that the message begins with. */
  readonly subject: string;
  readonly reason: string;

  constructor(subject: string, reason: string) {
    super(`${subject}: ${reason}`);
    this.subject = subject;
    this.reason = reason;
  }
}

/** Where a look-up ended. */
export interface Opened {
  readonly path: string;
  readonly realPath: string;
  readonly hops: readonly Hop[];
  readonly elf: Elf;
  readonly identity: unknown;
}

export type { CpuLevel, FoundBy, Via };

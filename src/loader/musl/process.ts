/** A process as musl's loader sees it (ldso/dynlink.c): one list of objects, and one libc, which is the loader itself. @module */
import type { Elf } from '../../formats/elf/types.ts';
import type { LoaderCache } from '../cache.ts';
import type { Effort } from '../effort.ts';
import type { Interpreter } from '../interpreter.ts';
import type { LoadedObject, MissingObject } from '../types.ts';

/** `struct dso`. */
export interface MuslObject {
  /** The path it was opened by. */
  readonly path: string;
  readonly realPath: string;
  readonly elf: Elf;
  /** Of DT_RUNPATH, else of DT_RPATH, tokens expanded. */
  readonly searchPath: string;
  /** Whose RPATH is searched after its own. */
  readonly neededBy: MuslObject | undefined;
  /** What it needs, as far as it was found. */
  readonly needs: MuslObject[];
  /** What `LoadedObject` says of it, its path excepted. */
  readonly facts: Omit<LoadedObject, 'path'>;
}

export interface MuslProcess {
  readonly cache: LoaderCache;
  readonly interpreter: Interpreter;
  readonly cwd: string;
  readonly libraryPath: string;
  /** Of `/etc/ld-musl-ARCH.path`, else the default. */
  readonly systemPath: string;
  readonly configuration: readonly string[];
  readonly main: MuslObject;
  /** The loader, which is libc. Undefined where it is missing. */
  readonly self: MuslObject | undefined;
  /** The program first, then in the order in which they were loaded; the loader once something asked for it. */
  readonly chain: MuslObject[];
  /** `Opened.identity` → object, the program and the loader excepted. */
  readonly files: Map<unknown, MuslObject>;
  /** Name → the object that is found by it without a search. */
  readonly shortNames: Map<string, MuslObject>;
  readonly missing: MissingObject[];
  readonly skipped: MissingObject[];
  /** Who first needed the loader as libc. */
  selfNeededBy: MuslObject | undefined;
  readonly effort: Effort;
}

/** The same process, to be changed apart. */
export function forkProcess(process: MuslProcess): MuslProcess {
  const { chain, files, shortNames } = process;
  const copies = { chain: [...chain], files: new Map(files), shortNames: new Map(shortNames) };
  return { ...process, ...copies, missing: [], skipped: [] };
}

export function absolutePath(cwd: string, path: string): string {
  return path.startsWith('/') ? path : `${cwd === '/' ? '' : cwd}/${path}`;
}

/**
 * What the dynamic loader would do, as a value: ld.so(8) for glibc, ldso/dynlink.c for musl.
 * @module
 */
import type { ImageError } from '../base/errors.ts';
import type { Hop } from '../model/resolve.ts';
import type { LoaderCache } from './cache.ts';

export type Libc = 'glibc' | 'musl' | 'uclibc' | 'bionic' | 'unknown';

/**
 * Which glibc-hwcaps subdirectories count, as `ld.so --list-diagnostics` names them (`x86-64-v3`, `power9`, `z14`).
 * `baseline`: none. `all`: the baseline is resolved, and the variants found are reported beside it.
 */
export type CpuLevel = string;

export interface LoaderOptions {
  /** Environment of the process: LD_LIBRARY_PATH and LD_PRELOAD count. Empty by default. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default `baseline`: nothing of the machine that runs pare counts. */
  readonly cpu?: CpuLevel;
  /** What `$PLATFORM` stands for (AT_PLATFORM); default by the machine of the program (`x86_64`, `aarch64`, `v7l` …). */
  readonly platform?: string;
  /** Working directory of the process: relative and empty search directories start there. Default `/`. */
  readonly cwd?: string;
  /**
   * How the program is started. `exec` (default): by the kernel, so that `$ORIGIN` is where a link to it ends.
   * `interpreter`: as an argument of the loader (`ld.so PROGRAM`), so that `$ORIGIN` is where the link is.
   */
  readonly invocation?: 'exec' | 'interpreter';
  /** The loader to use whatever PT_INTERP says; default PT_INTERP, else the usual path for the machine. */
  readonly interpreter?: string;
  /** What was looked up and read already; one for each `Files`, as long as it does not change. */
  readonly cache?: LoaderCache;
}

/** Options of what is opened at run time: `program` is the process it happens in. */
export interface ModuleOptions extends LoaderOptions {
  /** Path of the ELF program; absent: nothing is known of the process, and the module is looked at by itself. */
  readonly program?: string;
}

export interface ByNameOptions extends ModuleOptions {
  /** Path of the object that calls dlopen(3): its RPATH or RUNPATH counts. Default the program. */
  readonly by?: string;
}

export type Via = 'program' | 'interpreter' | 'preload' | 'needed' | 'filter' | 'auxiliary' | 'audit' | 'dlopen';

export type FoundBy =
  | 'itself'
  | 'path' // the name has a slash
  | 'rpath'
  | 'runpath'
  | 'library-path'
  | 'cache'
  | 'default'
  | 'loaded'; // an object already loaded bears the name

/** One object mapped into the process. */
export interface LoadedObject {
  /** The name it was asked for by: a DT_NEEDED string, PT_INTERP, a path. */
  readonly name: string;
  /** The path the loader opens, links not followed. */
  readonly path: string;
  /** Where that path ends, links followed. */
  readonly realPath: string;
  readonly hops: readonly Hop[];
  /** `realPath` of the object that asked for it; undefined for the program. */
  readonly by: string | undefined;
  readonly via: Via;
  readonly foundBy: FoundBy;
  /** glibc-hwcaps level this file is a variant for; absent for the baseline. */
  readonly level?: CpuLevel;
  /** Paths that were looked at first and not taken, in order. */
  readonly tried: readonly string[];
}

export interface MissingObject {
  readonly name: string;
  readonly by: string;
  readonly via: Via;
  readonly tried: readonly string[];
  /** A file was there and is no use: of another machine or class, a directory, no ELF file. */
  readonly rejected: readonly { readonly path: string; readonly why: string }[];
}

/** `object` wants `version` of the file named `file`, and `provider`, which was loaded for it, does not define it. */
export interface MissingVersion {
  readonly object: string;
  readonly file: string;
  readonly version: string;
  readonly provider: string;
}

export interface LoadResult {
  readonly libc: Libc;
  /** `2.36`, `1.2.3`, where it can be told from the libc that is loaded. */
  readonly libcVersion: string | undefined;
  /** In the order in which the loader's link map lists them, the program first and the interpreter where ld.so lists it. */
  readonly objects: readonly LoadedObject[];
  /** Variants for `cpu: 'all'`, not in the link map. */
  readonly variants: readonly LoadedObject[];
  readonly missing: readonly MissingObject[];
  /** Not found, or of no use, and the loader goes on without: auxiliary filters, preloads, audit modules. */
  readonly skipped: readonly MissingObject[];
  /** Audit modules and what they need: mapped into name spaces of their own, not in the link map. */
  readonly auditing: readonly LoadedObject[];
  readonly missingVersions: readonly MissingVersion[];
  /** Files that decided and would be read at run time: ld.so.cache, ld.so.preload, ld-musl-ARCH.path. */
  readonly configuration: readonly string[];
  /** What makes the loader itself give up (a directory that bears a library's name), if anything. */
  readonly fatal: ImageError | undefined;
}

/**
 * The contract between a rule and the closure that asks it: a rule looks at one kept file, or at the image's config, and
 * says what else is needed, how strongly and why. It decides nothing and changes nothing. `pack` keeps what rules ask for;
 * `check` asks the same rules about the finished tree and reports what is not there: one knowledge, two uses.
 * @module
 */

import type { Elf } from '../formats/elf/types.ts';
import type { Platform, RunConfig } from '../formats/oci/types.ts';
import type { LoaderCache } from '../loader/cache.ts';
import type { CpuLevel, LoadResult } from '../loader/types.ts';
import type { DirInfo, FileNode, Leaf } from '../model/node.ts';
import type { Files } from '../ports/files.ts';
import type { Contents } from './contents.ts';
import type { FindingCode } from './finding.ts';
import type { PackageFacts } from './packages/types.ts';

/**
 * - `required`: without it the program does not start, or fails at its first use of what it is for;
 * - `recommended`: a usual feature fails without it;
 * - `suggested`: only some uses want it; not kept by default.
 */
export type Strength = 'required' | 'recommended' | 'suggested';

/** How a kept file is used, which decides what is asked about it. */
export type Use = 'program' | 'module' | 'data';

/** A regular file that is kept, as the rules see it. */
export interface Subject {
  /** Physical path: no component is a link. */
  readonly path: string;
  readonly node: FileNode;
  readonly use: Use;
  /** Present where the file is ELF. */
  readonly elf: Elf | undefined;
  /** The `#!` line, where the file is a script: interpreter and its single optional argument, execve(2). */
  readonly hashBang: { readonly interpreter: string; readonly argument: string | undefined } | undefined;
  /** Physical path of the program in whose process this file is used; of a program, itself. */
  readonly program: string;
  /**
   * For an ELF program: what the loader would do. For a library that its start brings along: the same. For a module: what
   * dlopen of it in its program would do.
   */
  readonly loaded: LoadResult | undefined;
}

export type Want =
  /** A path as a program would open it: links on the way are kept too. `use` where the rule knows it. */
  | { readonly kind: 'path'; readonly path: string; readonly use?: Use }
  /** A directory and what is in it, recursively; `include` gets physical paths of leaves. */
  | { readonly kind: 'tree'; readonly path: string; readonly include?: (path: string) => boolean; readonly use?: Use }
  /** A command by name, looked up in the PATH of the config (or the default one). */
  | { readonly kind: 'program'; readonly name: string }
  /** A shared object by the name that dlopen(3) gets, asked for by the object `by` (physical path). */
  | { readonly kind: 'library'; readonly name: string; readonly by: string }
  /** The first of these that is there. */
  | { readonly kind: 'first'; readonly of: readonly Want[] }
  /** A file pare writes itself; the source's own file of that name does not go in. Met in a check if the path is there. */
  | { readonly kind: 'made'; readonly path: string; readonly node: Leaf }
  /** A directory that has to be there, empty if nothing else puts something in it. */
  | { readonly kind: 'directory'; readonly path: string; readonly info: DirInfo }
  /** A user (passwd) or group (group) by name or number: gathered, and written as one minimal file each. */
  | { readonly kind: 'user' | 'group'; readonly name: string };

export interface Requirement {
  readonly want: Want;
  readonly strength: Strength;
  /** Completes "X is there because SUBJECT …": `calls getaddrinfo`, `is linked with it (DT_NEEDED)`. */
  readonly because: string;
  /** The file that causes it, if it is another than the subject: a library of the program. */
  readonly from?: string;
  /** What check says where it is not met. Absent: nothing is said (a nicety). */
  readonly unmet?: { readonly code: FindingCode; readonly message: string; readonly fix: string };
}

/** What a rule may ask about the source. All answers are cached for the time of one closure. */
export interface Facts {
  /** Each path is looked up once: one path is always the same node. */
  readonly files: Files;
  /** What the loader has read of {@link files}. */
  readonly loader: LoaderCache;
  /** What has been read of files, for facts of another tree that has them too. */
  readonly contents: Contents;
  /** Of the image to be made or checked. */
  readonly config: RunConfig;
  readonly platform: Platform;
  readonly cpu: CpuLevel;
  /** The ELF facts of a regular file at a physical path; undefined where it is no ELF file. */
  elf(path: string): Promise<Elf | undefined>;
  /**
   * Names of functions that the ELF file uses from elsewhere or carries: undefined symbols of .dynsym, and of a static
   * program those of .symtab or, of Go, of the pclntab. Empty where it is stripped or no ELF.
   */
  symbols(path: string): Promise<ReadonlySet<string>>;
  /** Which of the byte strings occur in the file. The way to look into stripped programs and scripts. */
  mentions(path: string, needles: readonly string[]): Promise<ReadonlySet<string>>;
  /** Printable strings of at least four characters from the allocated read-only sections of an ELF file. */
  strings(path: string): Promise<readonly string[]>;
  /** A text file by the path a program would give; undefined where there is none, or it is over 4 MiB. */
  text(path: string): Promise<string | undefined>;
  /** The environment of the config, plus a default PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** The source's package database (dpkg, apk, rpm), read at the first question. */
  packages(): Promise<PackageFacts>;
}

export interface Rule {
  /** As in `--with NAME`, `--without NAME` and in evidence; the file's name. */
  readonly name: string;
  /** One line for `--help` and the docs. */
  readonly summary: string;
  /** Whether it is asked about a module anew for each program that uses it; other rules are asked once a file. */
  readonly perProcess?: boolean;
  /** Asked once for every kept regular file. */
  file?(subject: Subject, facts: Facts): Promise<readonly Requirement[]>;
  /** Asked once for the image. */
  image?(facts: Facts): Promise<readonly Requirement[]>;
  /** What `--with NAME` asks for where nothing else would (`--nss-net`, `--cert`). */
  forced?(facts: Facts): Promise<readonly Requirement[]>;
}

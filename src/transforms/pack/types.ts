/** What pack is asked for, and what it makes. @module */
import type { Platform, RunConfig } from '../../formats/oci/types.ts';
import type { CpuLevel } from '../../loader/types.ts';
import type { FileNode, NodeInfo } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';
import type { Files } from '../../ports/files.ts';
import type { Closure, Kept, Made } from '../../rules/closure/types.ts';
import type { Finding } from '../../rules/finding.ts';
import type { Facts, Rule } from '../../rules/rule.ts';

/** `--add PATH[:DEST]`. */
export interface Addition {
  /** A path or a glob in the source. */
  readonly from: string;
  /** Where it goes; a directory where it ends in `/` or several paths match. Default: where it is. */
  readonly to: string | undefined;
}

export interface NewUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Where the programs come from. */
export interface PackSource {
  readonly files: Files;
  readonly platform: Platform;
  /** Of an image: its variables are taken over, so that programs find what they find there. */
  readonly config: RunConfig | undefined;
}

export type ShellKind = 'busybox' | 'dash' | 'toybox';

/** A small shell to put in. */
export interface ShellProgram {
  readonly kind: ShellKind;
  /** Path in the image, and in the source where it comes from there. */
  readonly path: string;
  readonly node: FileNode;
  /** Whether it is the source's own, so that its libraries are there too; else it has to be static. */
  readonly fromSource: boolean;
}

export interface PackRequest {
  readonly source: PackSource;
  readonly rules: readonly Rule[];
  /** Paths in the source, or names looked up in its PATH; may be empty where something is added. */
  readonly programs: readonly string[];
  /** Become the image's command. */
  readonly args: readonly string[];
  /** Directory the programs are put into. Default: where they are. */
  readonly dest: string | undefined;
  readonly add: readonly Addition[];
  /** Directory that added shared objects are put into. Default: where they are. */
  readonly sodir: string | undefined;
  readonly exclude: readonly string[];
  /** Rules whose `forced` needs are met in any case. */
  readonly forced: ReadonlySet<string>;
  readonly suggested: boolean;
  readonly cpu: CpuLevel;
  /** Default: the first program's. */
  readonly platform: Platform | undefined;
  readonly user: NewUser | undefined;
  /** `NAME=VALUE`. */
  readonly env: readonly string[];
  readonly workdir: string | undefined;
  readonly volumes: readonly string[];
  /** `80/tcp`. */
  readonly expose: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[] | undefined;
  readonly cmd: readonly string[] | undefined;
  readonly stopSignal: string | undefined;
  readonly shell: ShellProgram | undefined;
  /** The image below: its files are not added again. */
  readonly base: PackBase | undefined;
  /** Seconds since the epoch for everything that has no time of its own; default: the newest among the files. */
  readonly time: number | undefined;
}

export interface PackBase {
  readonly tree: Tree;
  readonly config: RunConfig;
}

export interface Packed {
  /** The whole root filesystem, the base's files included. */
  readonly tree: Tree;
  readonly config: RunConfig;
  readonly platform: Platform;
  /** Seconds since the epoch: the request's, or the newest time among the files that went in. */
  readonly time: number;
  readonly closure: Closure;
  /** Of the source. */
  readonly facts: Facts;
  /** What comes from the source, sorted by path. */
  readonly placed: readonly Placed[];
  /** What pare made. */
  readonly made: readonly Made[];
  /** The shell that was put in, and the commands it brings. */
  readonly shell: { readonly program: ShellProgram; readonly commands: readonly string[] } | undefined;
  /** What a check of the tree says. */
  readonly findings: readonly Finding[];
}

/** One entry of the image that comes from the source. */
export interface Placed {
  /** Path in the image. */
  readonly path: string;
  /** Path in the source. */
  readonly origin: string;
  /** Why it is there. */
  readonly kept: Kept;
  readonly node: NodeInfo;
}

/** Running the steps of a build: a program in a root filesystem, and what it changed there as a value. @module */
import type { Changeset } from '../model/changeset.ts';
import type { Tree } from '../model/tree.ts';
import type { Run } from './run.ts';

/** A root filesystem, as a value and as the layers it consists of. Its contents can be read for as long as the step runs. */
export interface StepRoot {
  /** What all layers give, applied to the empty tree. */
  readonly tree: Tree;
  /** Lowest first; none for an empty root. */
  readonly layers: readonly StepLayer[];
}

export interface StepLayer {
  /** Names the content: two layers with one key, on the same layers, are the same. A DiffID does, or any digest. */
  readonly key: string;
  readonly changes: Changeset;
}

export interface BuildStep {
  readonly root: StepRoot;
  readonly process: StepProcess;
  readonly mounts: readonly StepMount[];
  /** The network of the machine, or a loopback alone. */
  readonly network: 'host' | 'none';
  /** `insecure`: all capabilities, and nothing of /proc and /sys hidden. */
  readonly security: 'sandbox' | 'insecure';
  readonly hostname: string;
  readonly extraHosts: readonly { readonly name: string; readonly address: string }[];
  /** Bytes of /dev/shm; default 64 MiB. */
  readonly shmSize?: number;
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  /** What the program reads; without it its stdin is empty. */
  readonly stdin?: Uint8Array;
  /** A line without its end, bytes that are no UTF-8 replaced; lines above 64 KiB come in pieces. */
  readonly output: (stream: 'stdout' | 'stderr', line: string) => void;
  /** Called where the program has failed, while its filesystem and all mounts still stand. */
  readonly inspect?: (failed: FailedStep) => Promise<void>;
}

/** A step that has ended with another status than 0. */
export interface FailedStep extends Pick<StepResult, 'status' | 'outOfMemory'> {
  /**
   * Runs a program at the terminal of this process, as the step's: with its filesystem, mounts, user, environment and directory.
   * @returns its status
   * @throws SandboxError where there is no such program
   */
  shell(args: readonly string[]): Promise<number>;
}

export interface StepProcess {
  /** Program and arguments; the program by path, or by name for a look-up in the PATH of `env`. */
  readonly args: readonly string[];
  /** `NAME=value`. PATH and HOME are added where they are missing. */
  readonly env: readonly string[];
  /** Clean and absolute. */
  readonly cwd: string;
  /** `USER[:GROUP]`, by name or number, looked up in the root filesystem; empty: root. */
  readonly user: string;
}

/** `path` is clean and absolute, inside the sandbox; where there is nothing in the root, it leaves no trace there. */
export type StepMount = BindMount | CacheMount | TmpfsMount | SecretMount | SecretVariable | SshMount;

/** A directory or file of another root filesystem. */
export interface BindMount {
  readonly kind: 'bind';
  readonly path: string;
  readonly from: StepRoot;
  /** What of it: links are followed inside it. */
  readonly source: string;
  /** What is written to a mount that is not read-only is thrown away. */
  readonly readOnly: boolean;
}

/** A directory that outlives the step, for the next one that names it. */
export interface CacheMount {
  readonly kind: 'cache';
  readonly path: string;
  readonly id: string;
  /**
   * `shared`: with whoever else uses it; `locked`: one step after the other; `private`: where another step has it, one of the
   * step's own, which is kept as well.
   */
  readonly sharing: 'shared' | 'locked' | 'private';
  readonly readOnly: boolean;
  /** Of the directory when it is made. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** What is in it when it is made; without it nothing. */
  readonly from?: { readonly root: StepRoot; readonly source: string };
  /** Asked for when it is made: what it holds where another machine has used it; undefined: nothing is known of that. */
  readonly filled?: () => Promise<Tree | undefined>;
}

export interface TmpfsMount {
  readonly kind: 'tmpfs';
  readonly path: string;
  /** Bytes; default as the kernel has it. */
  readonly size?: number;
}

/** A file that is nowhere on a disk. */
export interface SecretMount {
  readonly kind: 'secret';
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A variable of the program's environment, wins over those of the process. */
export interface SecretVariable {
  readonly kind: 'secret-env';
  readonly name: string;
  readonly value: string;
}

/** A socket that leads to the user's ssh-agent. SSH_AUTH_SOCK is the caller's to set. */
export interface SshMount {
  readonly kind: 'ssh';
  readonly path: string;
  /** Of the agent, on the machine. */
  readonly socket: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Until it is disposed of, contents in its changes can be read. Caches are free again when the program has ended. */
export interface StepResult extends AsyncDisposable {
  /** 0 to 255, or 128 + the number of the signal that ended the program. */
  readonly status: number;
  /** How many processes of the machine the kernel ended while it ran, since there was no memory left for them. */
  readonly outOfMemory: number;
  /**
   * What the program did to the root filesystem, whatever its status: a changeset made for `root.tree`. Nothing of mounts,
   * /proc, /sys, /dev, resolv.conf, hosts and hostname is in it. The same object at each call.
   */
  changes(): Promise<Changeset>;
  /**
   * Keeps the result as it lies on the disk, so that a step on top of it (a layer of this key above `root.layers`) need not
   * write it there again.
   */
  keep(key: string): Promise<void>;
}

/** Disposing of it ends what runs, and leaves nothing behind but what is cached. */
export interface StepRunner extends AsyncDisposable {
  /** Gets ready for a step that is to come. What goes wrong is told when it comes. */
  begin(): void;
  /**
   * Runs a program to its end. Several steps may run at once.
   * @throws SandboxError where the program could not be started; ImageError UNAVAILABLE where the machine cannot run any,
   * NOT_FOUND for a user or a mount's source that is not there; what the run's signal says once it is aborted
   */
  run(step: BuildStep, run?: Run): Promise<StepResult>;
  /** What a cache mount of this id holds; undefined where there is none. No step changes it until this is disposed of. */
  cache(id: string, run?: Run): Promise<CacheContent | undefined>;
}

export interface CacheContent extends AsyncDisposable {
  readonly tree: Tree;
}

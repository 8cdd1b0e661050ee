/** Running a program in a root filesystem that stays as it is. @module */
import { type ErrorDetails, ImageError } from '../base/errors.ts';
import type { Run } from './run.ts';

/** The process as execve(2) gets to see it. */
export interface ProcessSpec {
  /** Program and arguments; the program by path, or by name for a look-up in the PATH of `env`. */
  readonly args: readonly string[];
  /** `NAME=value` */
  readonly env: readonly string[];
  /** Made if it is not there. */
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
}

/** A directory or file of the machine, shown in the sandbox. */
export interface Volume {
  /** Absolute path on the machine. */
  readonly source: string;
  /** Clean path in the sandbox. */
  readonly destination: string;
  readonly readOnly: boolean;
}

/** A writable directory that ends with the program: what is there in the root filesystem is copied into it first. */
export interface ScratchDirectory {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface SandboxRequest {
  /** Directory on the machine that holds the root filesystem. Never written to. */
  readonly root: string;
  readonly process: ProcessSpec;
  readonly hostname: string;
  readonly network: 'host' | 'none';
  /** Whether the root filesystem cannot be written to; otherwise what is written is thrown away. */
  readonly readOnly: boolean;
  readonly volumes: readonly Volume[];
  readonly scratch: readonly ScratchDirectory[];
  /** Whether the program reads this process's stdin; otherwise its stdin is empty. */
  readonly stdin: boolean;
  /** Whether the program gets a terminal of its own, connected with this process's. */
  readonly terminal: boolean;
  /** Where stdout and stderr go: this process's, or nowhere. */
  readonly output: 'inherit' | 'ignore';
}

/**
 * The program could not be started: exit status 127 where it, or what has to load it, is not there, and 126 where it is
 * there and cannot be executed, as a shell has it (POSIX, "Exit Status for Commands").
 */
export class SandboxError extends ImageError {
  readonly status: 126 | 127;

  constructor(status: 126 | 127, message: string, details?: ErrorDetails) {
    super(status === 127 ? 'NOT_FOUND' : 'DENIED', message, details);
    this.status = status;
  }
}

export interface RunningProgram {
  /** Passes a signal on to the program. */
  signal(name: NodeJS.Signals): void;
  /**
   * The program's exit status: 0 to 255, or 128 + the number of the signal that ended it. Resolves once nothing is left of
   * the sandbox.
   * @throws SandboxError where the program could not be started
   */
  readonly ended: Promise<number>;
}

export interface Sandbox {
  /** Starts the program. @throws ImageError UNAVAILABLE where the machine cannot */
  start(request: SandboxRequest, run?: Run): Promise<RunningProgram>;
}

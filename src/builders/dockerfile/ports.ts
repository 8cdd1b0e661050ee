/** What carrying out a Dockerfile needs of the world, handed in: contexts, images, a place for layers, a memory, a runner. @module */
import type { ImageError } from '../../base/errors.ts';
import type { LintRule } from '../../formats/dockerfile/lint/rules.ts';
import type { Range } from '../../formats/dockerfile/types.ts';
import type { Platform } from '../../formats/oci/types.ts';
import type { LayerEntry } from '../../model/layer/entry.ts';
import type { FileNode } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';
import type { BuildLayers, ContentDigests, Memo } from '../../ports/build-memory.ts';
import type { FailedStep, StepRunner } from '../../ports/build-steps.ts';
import type { Run } from '../../ports/run.ts';
import type { Filesystem, State } from './state.ts';

export interface BuildPorts {
  /** The build context, without what .dockerignore leaves out. Read as it is asked for. */
  readonly context: Pick<Filesystem, 'tree' | 'fingerprint'> & {
    /** Whether a source selects anything; before anything is carried out. @throws ImageError NOT_FOUND where what it names is not there */
    assertThere(pattern: string): boolean;
  };
  /** `--build-context NAME=…`; undefined where there is none of that name. */
  named(name: string, platform: Platform): Promise<NamedContext | undefined>;
  /** An image of the store or of a registry, for FROM and COPY --from. @throws ImageError NOT_FOUND … */
  image(reference: string, platform: Platform): Promise<State>;
  readonly layers: BuildLayers;
  readonly memo: Memo;
  readonly contents: ContentDigests;
  readonly remote: Remote;
  /** An archive's entries; undefined where the file is none. */
  archive(file: FileNode): Promise<readonly LayerEntry[] | undefined>;
  /** Told the id of each cache mount that a RUN names, whether it runs or is remembered. */
  readonly cacheMount: (id: string) => void;
  /** Made at the first step that runs a program. */
  runner(): Promise<StepRunner>;
  /** @throws ImageError NOT_FOUND for one that cannot be read; undefined where none was given */
  secret(id: string): Promise<Uint8Array | undefined>;
  /** Path of an agent's socket; undefined where none was given. @throws ImageError where it cannot be started */
  ssh(id: string): Promise<string | undefined>;
  readonly steps: StepReporter;
  readonly inspect?: Inspect | undefined;
  /** Tells of what may be a mistake. */
  readonly warn: (text: string) => void;
  /** Tells of what a check of the Dockerfile finds only while it is built. @throws ImageError INVALID where that ends the build */
  readonly check: (rule: LintRule, range: Range, message: string) => void;
  readonly run: Run;
}

/**
 * Told of a program of a RUN that has failed, before the build is ended for it.
 * @param shell that RUN uses here: program and options
 */
export type Inspect = (failure: ImageError, failed: FailedStep, shell: readonly string[]) => Promise<void>;

/** Tells of steps: that they begin, what they print, and how they end. */
export interface StepReporter {
  run<T extends { readonly cached: boolean }>(
    step: StepName,
    work: (output: (stream: 'stdout' | 'stderr', line: string) => void) => Promise<T>,
  ): Promise<T>;
}

export interface StepName {
  readonly platform: Platform;
  readonly stage: string;
  /** From 1, of `total` of its stage. */
  readonly number: number;
  readonly total: number;
  /** The instruction. */
  readonly text: string;
}

export interface NamedContext {
  /** Before anything is carried out. @throws ImageError NOT_FOUND where it leads nowhere */
  assertThere?(): void;
  /** To build upon. */
  base(): Promise<State>;
  /** To copy from. @param pattern see {@link Filesystem} */
  tree(pattern?: string): Promise<Tree>;
}

/** What ADD downloads. */
export interface Remote {
  http(url: string, checksum: string | undefined, run: Run): Promise<FileNode>;
  git(
    url: string,
    options: { readonly keepGitDir: boolean; readonly checksum: string | undefined },
    run: Run,
  ): Promise<Tree>;
}

/** `canceled`: by the user, or since another step failed. */
export type StepEnd = 'done' | 'cached' | 'failed' | 'canceled';

export type BuildEvent =
  /** @param id counts the steps of a build @param name `[stage 2/5] RUN make`, or `[linux/arm64 stage 2/5] …` of several platforms */
  | { readonly kind: 'start'; readonly id: number; readonly name: string }
  | { readonly kind: 'output'; readonly id: number; readonly stream: 'stdout' | 'stderr'; readonly line: string }
  | { readonly kind: 'end'; readonly id: number; readonly how: StepEnd; readonly seconds: number }
  /** @param check for what a check of the Dockerfile found */
  | {
      readonly kind: 'warning';
      readonly text: string;
      readonly check?: { readonly rule: string; readonly line: number };
    };

/** What an instruction is carried out with, besides the state before it. @module */
import type { Escape } from '../../formats/dockerfile/types.ts';
import type { Platform } from '../../formats/oci/types.ts';
import type { Clock } from './layer-step.ts';
import type { BuildPorts } from './ports.ts';
import type { Filesystem } from './state.ts';

/** What the user asked for, the same for all stages. */
export interface BuildSettings {
  /** `--build-arg` */
  readonly args: ReadonlyMap<string, string>;
  readonly clock: Clock;
  /** Steps of these stages, or all, are carried out in any case. */
  readonly noCache: 'all' | readonly string[];
  readonly buildPlatform: Platform;
  readonly target: string | undefined;
  /** By the names that `--build-context` gives a meaning: `NAME`, or `NAME::PLATFORM`. */
  readonly contexts?: ReadonlyMap<string, string>;
  /** Of every RUN that does not say it itself. */
  readonly network: 'host' | 'none';
  readonly hostname: string;
  readonly extraHosts: readonly { readonly name: string; readonly address: string }[];
  readonly shmSize: number | undefined;
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  /** Whether `RUN --security=insecure` and the like are allowed. */
  readonly allows: ReadonlySet<'security.insecure' | 'network.host'>;
}

export interface StageContext {
  readonly ports: BuildPorts;
  readonly settings: BuildSettings;
  readonly escape: Escape;
  /** Whether nothing remembered is used. */
  readonly fresh: boolean;
  /** Global arguments with their values, those that are predefined included. */
  readonly globals: ReadonlyMap<string, string>;
  /** What `--from` names: a stage, a named context or an image; undefined: the build context. */
  source(from: string | undefined): Promise<Filesystem>;
  /** A step is not remembered: makes what the programs of those behind it need get ready. */
  anticipate(): void;
  /** Tells of a step that makes a layer, and of its end. */
  step<T extends { readonly cached: boolean }>(
    text: string,
    work: (output: (stream: 'stdout' | 'stderr', line: string) => void) => Promise<T>,
  ): Promise<T>;
}

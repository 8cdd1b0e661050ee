/** What a build is asked for. @module */

import type { BuildSettings } from '../../builders/dockerfile/context.ts';
import type { BuildEvent, Inspect } from '../../builders/dockerfile/ports.ts';
import type { Platform } from '../../formats/oci/types.ts';
import type { Annotation } from './annotations.ts';
import type { CacheSource, CacheTarget } from './cache/options.ts';

export type SecretSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'env'; readonly name: string };

export interface BuildOptions extends Omit<BuildSettings, 'clock' | 'buildPlatform'> {
  /** A directory, `-`, or an address. */
  readonly context: string;
  readonly file: string | undefined;
  /** At least one; several make an index. */
  readonly platforms: readonly Platform[];
  /** Whether somebody asked for them: then that is what the images say they are for. */
  readonly isPlatformAsked?: boolean;
  /** `--build-context NAME=…` */
  readonly contexts: ReadonlyMap<string, string>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: readonly Annotation[];
  readonly secrets: ReadonlyMap<string, SecretSource>;
  /** By id: the path of an agent's socket, or those of files with private keys. */
  readonly ssh: ReadonlyMap<string, readonly string[]>;
  /** Memories of other machines, besides the store's. */
  readonly cacheFrom?: readonly CacheSource[];
  /** Where what this build remembers is sent. */
  readonly cacheTo?: readonly CacheTarget[];
  /** Whether images are looked up in their registries although the store has them. */
  readonly pull: boolean;
  /** Whether the layers that are new become one. */
  readonly squash: boolean;
  /** SOURCE_DATE_EPOCH, in seconds. */
  readonly epoch: number | undefined;
  /** runc or crun, by name or path; default what is installed. */
  readonly runtime: string | undefined;
  /** Words that start `pare step-helper`. */
  readonly helperCommand: readonly string[];
  readonly report: (event: BuildEvent) => void;
  /** Told of a RUN that has failed; may run a shell at the terminal, which stdin then has to be. */
  readonly inspect?: Inspect | undefined;
}

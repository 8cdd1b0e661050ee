/** What a stage is at one moment: a root filesystem, a config, and how it came to be. Immutable. @module */
import { type DiffId, type Digest, digestOf } from '../../base/digest.ts';
import type { History, Platform, RunConfig } from '../../formats/oci/types.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import type { StepRoot } from '../../ports/build-steps.ts';
import type { NewLayer } from '../../ports/new-image.ts';
import { SCRATCH_CONFIG } from './config.ts';
import type { Told } from './history.ts';

/** Files to start from or to take from. They are read when they are first asked for: what is remembered needs none of them. */
export interface Filesystem {
  /** Names the content, where that is known without reading it. */
  readonly chain: Digest | undefined;
  /** Where the content has no such name: what tells that what a source selects has not changed since it was read, or until it is. */
  fingerprint?(pattern: string): Promise<string | undefined>;
  /** @param pattern what of it is needed, a path with wildcards in it: no more may be there. Clean and absolute */
  tree(pattern?: string): Promise<Tree>;
  /** Absent where they lie in no layers. */
  root?(): Promise<StepRoot>;
}

export interface StateLayer {
  readonly key: DiffId;
  /** How it is written into an image. */
  readonly stored: NewLayer;
}

export interface State extends Filesystem {
  /** A digest of the layers' DiffIDs. */
  readonly chain: Digest;
  root(): Promise<StepRoot>;
  readonly layers: readonly StateLayer[];
  readonly platform: Platform;
  readonly config: RunConfig;
  readonly author: string | undefined;
  /** Of the base image; as many entries with a layer as it has layers. */
  readonly before: readonly History[];
  /** What this build added. */
  readonly told: readonly Told[];
  /** Of the steps that led here, in the memory of builds. */
  readonly keys: readonly Digest[];
  /** What a word may speak of and a RUN sees: of ENV and ARG, the one set last at the end. */
  readonly variables: ReadonlyMap<string, string>;
  /** Told of a variable that is none of these; throws where a base that nobody has looked at may have it. */
  readonly unset?: (name: string) => undefined;
  /** ARGs and their values, in the order in which they were declared. */
  readonly args: ReadonlyMap<string, string | undefined>;
  /** Whether this stage said CMD. */
  readonly ownCommand: boolean;
}

export function scratchState(platform: Platform): State {
  return {
    ...filesOf(async () => ({ tree: EMPTY_TREE, layers: [] })),
    layers: [],
    chain: digestOf('scratch'),
    platform,
    config: SCRATCH_CONFIG,
    author: undefined,
    before: [],
    told: [],
    keys: [],
    variables: new Map(),
    args: new Map(),
    ownCommand: false,
  };
}

/** @param read called once, at the first use */
export function filesOf(read: () => Promise<StepRoot>): Pick<State, 'root' | 'tree'> {
  let known: Promise<StepRoot> | undefined;
  const root = () => (known ??= read());
  return { root, tree: async () => (await root()).tree };
}

export function chainOf(layers: readonly StateLayer[]): Digest {
  return layers.reduce((chain, { key }) => digestOf(`${chain} ${key}`), digestOf('scratch'));
}

/** The state with one layer more. @param read called once, at the first use */
export function stacked(state: State, layer: StateLayer, read: () => Promise<StepRoot>): State {
  const chain = digestOf(`${state.chain} ${layer.key}`);
  return { ...state, ...filesOf(read), layers: [...state.layers, layer], chain };
}

export function told(state: State, text: string): State {
  return { ...state, told: [...state.told, { text, created: undefined, hasLayer: false }] };
}

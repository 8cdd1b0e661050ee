/** What a stage is at one moment: a root filesystem, a config, and how it came to be. Immutable. @module */
import { type DiffId, type Digest, digestOf } from '../../base/digest.ts';
import type { History, Platform, RunConfig } from '../../formats/oci/types.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import type { StepLayer, StepRoot } from '../../ports/build-steps.ts';
import type { NewLayer } from '../../ports/new-image.ts';
import { SCRATCH_CONFIG } from './config.ts';
import type { Told } from './history.ts';

export interface StateLayer extends StepLayer {
  readonly key: DiffId;
  /** How it is written into an image. */
  readonly stored: NewLayer;
}

export interface State extends StepRoot {
  readonly tree: Tree;
  readonly layers: readonly StateLayer[];
  /** Names the root filesystem: a digest of the layers' DiffIDs. */
  readonly chain: Digest;
  readonly platform: Platform;
  readonly config: RunConfig;
  readonly author: string | undefined;
  /** Of the base image; as many entries with a layer as it has layers. */
  readonly before: readonly History[];
  /** What this build added. */
  readonly told: readonly Told[];
  /** ARGs and their values, in the order in which they were declared. */
  readonly args: ReadonlyMap<string, string | undefined>;
  /** Whether this stage said CMD. */
  readonly ownCommand: boolean;
}

export function scratchState(platform: Platform): State {
  return {
    tree: EMPTY_TREE,
    layers: [],
    chain: digestOf('scratch'),
    platform,
    config: SCRATCH_CONFIG,
    author: undefined,
    before: [],
    told: [],
    args: new Map(),
    ownCommand: false,
  };
}

export function chainOf(layers: readonly StateLayer[]): Digest {
  return layers.reduce((chain, { key }) => digestOf(`${chain} ${key}`), digestOf('scratch'));
}

/** The state with one layer more. */
export function stacked(state: State, layer: StateLayer, tree: Tree): State {
  return { ...state, tree, layers: [...state.layers, layer], chain: digestOf(`${state.chain} ${layer.key}`) };
}

export function told(state: State, text: string): State {
  return { ...state, told: [...state.told, { text, created: undefined, hasLayer: false }] };
}

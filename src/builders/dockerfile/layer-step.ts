/** Steps that make a layer: what they came to before, or what they come to now. @module */
import { type Digest, digestOf } from '../../base/digest.ts';
import { timestamp } from '../../base/time.ts';
import { anchor } from '../../model/anchor.ts';
import { apply } from '../../model/apply.ts';
import { type Changeset, EMPTY_CHANGESET } from '../../model/changeset.ts';
import { copyUp } from '../../model/copy-up.ts';
import { writeLayer } from '../../model/layer/write.ts';
import type { FoundLayer, Remembered } from '../../ports/build-memory.ts';
import { clamped } from './clamp.ts';
import type { BuildPorts } from './ports.ts';
import { type State, stacked } from './state.ts';

export interface LayerStep {
  /** All that it depends on besides the root filesystem below it. */
  readonly inputs: readonly unknown[];
  /** What the history says. */
  readonly text: string;
  /** Whether what it came to before is not looked at. */
  readonly fresh: boolean;
  /** Called where it has to be made. */
  anticipate(): void;
  /** Makes it; `keep` is called with the DiffID while what it made can still be read. */
  make(): Promise<{ readonly changes: Changeset; keep?(key: string): Promise<void> } & AsyncDisposable>;
}

export interface Clock {
  /** Seconds since the epoch: the time of this build, or SOURCE_DATE_EPOCH. */
  readonly time: number;
  /** Whether new files may not be newer than that. */
  readonly clamps: boolean;
}

/** @returns the state after the step, and whether it was remembered */
export async function layerStep(
  state: State,
  step: LayerStep,
  ports: BuildPorts,
  clock: Clock,
): Promise<{ readonly state: State; readonly cached: boolean }> {
  const key = digestOf(JSON.stringify(['pare-step-1', state.chain, clock.clamps ? clock.time : null, ...step.inputs]));
  const known = step.fresh ? undefined : await ports.memo.get(key);
  if (known !== undefined) {
    const layer = known.diffId === undefined ? undefined : await ports.layers.find(known.diffId, ports.run);
    if (known.diffId === undefined || layer !== undefined) {
      return { state: withResult(state, key, step.text, known, layer), cached: true };
    }
  }
  step.anticipate();
  return { state: await made(state, step, key, ports, clock), cached: false };
}

async function made(state: State, step: LayerStep, key: Digest, ports: BuildPorts, clock: Clock): Promise<State> {
  await using result = await step.make();
  const below = await state.tree();
  const copied = copyUp(result.changes, below);
  const changes = clock.clamps ? clamped(copied, clock.time) : copied;
  const created = timestamp(clock.time);
  if (isEmpty(changes)) {
    await ports.memo.put(key, { diffId: undefined, created });
    return withResult(state, key, step.text, { diffId: undefined, created }, undefined);
  }
  const layer = await ports.layers.add(writeLayer(changes, { below }), ports.run);
  await result.keep?.(layer.diffId);
  await ports.memo.put(key, { diffId: layer.diffId, created });
  const { diffId, blob, size } = layer;
  const found: FoundLayer = { stored: { kind: 'tar', blob, size }, read: async () => layer };
  return withResult(state, key, step.text, { diffId, created }, found);
}

function isEmpty({ root }: Changeset): boolean {
  return root === EMPTY_CHANGESET.root || (root.names.length === 0 && root.info === undefined && !root.opaque);
}

function withResult(
  state: State,
  key: Digest,
  text: string,
  { diffId, created }: Remembered,
  layer: FoundLayer | undefined,
): State {
  const entry = { text, created, hasLayer: diffId !== undefined };
  const said = { ...state, told: [...state.told, entry], keys: [...state.keys, key] };
  if (diffId === undefined || layer === undefined) return said;
  return stacked(said, { key: diffId, stored: layer.stored }, async () => {
    const below = await state.root();
    const changes = anchor(below.tree, (await layer.read()).entries);
    return { tree: apply(below.tree, changes), layers: [...below.layers, { key: diffId, changes }] };
  });
}

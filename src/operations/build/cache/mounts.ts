/** Cache mounts that begin with what another machine had in them. @module */
import { ImageError } from '../../../base/errors.ts';
import { applyLayer } from '../../../model/anchor.ts';
import { EMPTY_TREE, type Tree } from '../../../model/tree.ts';
import type { BuildLayers } from '../../../ports/build-memory.ts';
import type { StepMount, StepRunner } from '../../../ports/build-steps.ts';
import type { Run } from '../../../ports/run.ts';
import type { ImportedCache } from './import.ts';

export interface Filling {
  readonly imported: () => Promise<ImportedCache>;
  readonly layers: BuildLayers;
  readonly warn: (text: string) => void;
}

/** The same runner, whose cache mounts are filled when they are made. */
export function fillingMounts(runner: StepRunner, filling: Filling): StepRunner {
  return {
    ...runner,
    run: (step, run) => runner.run({ ...step, mounts: step.mounts.map((mount) => filled(mount, filling, run)) }, run),
  };
}

function filled(mount: StepMount, filling: Filling, run: Run | undefined): StepMount {
  return mount.kind === 'cache' ? { ...mount, filled: () => contentOf(mount.id, filling, run) } : mount;
}

/** One that cannot be had begins as it would without. */
async function contentOf(id: string, { imported, layers, warn }: Filling, run?: Run): Promise<Tree | undefined> {
  const diffId = (await imported()).mounts.get(id);
  if (diffId === undefined) return undefined;
  try {
    const layer = await (await layers.find(diffId, run))?.read();
    return layer && (await applyLayer(EMPTY_TREE, inTurn(layer.entries))).tree;
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    warn(`the cache mount "${id}" begins without what was remembered of it: ${error.message}`);
    return undefined;
  }
}

async function* inTurn<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

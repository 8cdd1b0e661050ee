/** Images that stages are built upon. @module */
import { present } from '../../base/assert.ts';
import { chainOf, type State, type StateLayer, scratchState, stacked } from '../../builders/dockerfile/state.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { isRootReference, parseReference } from '../../formats/reference/parse.ts';
import { anchor } from '../../model/anchor.ts';
import { apply } from '../../model/apply.ts';
import { writeLayer } from '../../model/layer/write.ts';
import { historyFor } from '../../model/stack.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import type { BuildLayers } from '../../ports/build-memory.ts';
import { platformIn } from '../../ports/new-image.ts';
import { type Access, openImage, openRoot } from '../../sources.ts';
import { storedLayers } from '../derive.ts';

/** What is opened stays so until the stack is disposed of. @throws ImageError NOT_FOUND, UNSUPPORTED … */
export async function stateOf(
  reference: string,
  platform: Platform,
  layers: BuildLayers,
  stack: AsyncDisposableStack,
  access: Access,
): Promise<State> {
  const parsed = parseReference(reference);
  if (parsed.kind === 'scratch') return scratchState(platform);
  if (isRootReference(parsed)) {
    const root = stack.use(await openRoot(parsed, { ...access, platform }));
    return stateOfTree(await root.tree(), platform, layers, access);
  }
  const { image, source } = stack.use(await openImage(parsed, { ...access, platform }));
  const stored = storedLayers(image, source);
  const own = image.layers.map(
    ({ diffId, changes }, i): StateLayer => ({ key: diffId, changes, stored: present(stored[i], 'layer') }),
  );
  return {
    ...scratchState(platformIn(image.config)),
    tree: image.tree,
    layers: own,
    chain: chainOf(own),
    config: image.config.config ?? {},
    author: image.config.author,
    before: historyFor(image),
  };
}

/** A root filesystem as one layer, so that programs can be run in it and images refer to it. */
async function stateOfTree(tree: Tree, platform: Platform, layers: BuildLayers, { run }: Access): Promise<State> {
  const { diffId, blob, size, entries } = await layers.add(writeLayer(tree), run);
  const changes = anchor(EMPTY_TREE, entries);
  const layer = { key: diffId, changes, stored: { kind: 'tar', blob, size } } as const;
  return {
    ...stacked(scratchState(platform), layer, apply(EMPTY_TREE, changes)),
    before: [{ created_by: 'pare: a root filesystem' }],
  };
}

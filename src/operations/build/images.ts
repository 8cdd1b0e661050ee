/** Images that stages are built upon. @module */
import { present } from '../../base/assert.ts';
import {
  chainOf,
  filesOf,
  type State,
  type StateLayer,
  scratchState,
  stacked,
} from '../../builders/dockerfile/state.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { isRootReference, parseReference, type Reference } from '../../formats/reference/parse.ts';
import { anchor } from '../../model/anchor.ts';
import { apply } from '../../model/apply.ts';
import type { Image } from '../../model/image.ts';
import { writeLayer } from '../../model/layer/write.ts';
import { historyFor } from '../../model/stack.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import type { LayerMaker } from '../../ports/build-memory.ts';
import type { Source } from '../../ports/content-store.ts';
import { platformIn } from '../../ports/new-image.ts';
import { type Access, openRoot, openSource } from '../../sources.ts';
import { cacheDir, storeDirectory } from '../../store/directory.ts';
import { openLayerCache } from '../../store/layer-cache.ts';
import { machinePlatform } from '../../system/machine.ts';
import { loadImage } from '../../transforms/load/load.ts';
import { resolvePlatform } from '../../transforms/load/platform.ts';
import { storedLayers } from '../derive.ts';
import { loadUnread } from '../unread.ts';
import { fetchedOnce } from './fetched-once.ts';

/** What is opened stays so until the stack is disposed of. @throws ImageError NOT_FOUND, UNSUPPORTED … */
export async function stateOf(
  reference: string,
  platform: Platform,
  layers: LayerMaker,
  stack: AsyncDisposableStack,
  access: Access,
): Promise<State> {
  const parsed = parseReference(reference);
  if (parsed.kind === 'scratch') return scratchState(platform);
  if (isRootReference(parsed)) {
    const root = stack.use(await openRoot(parsed, { ...access, platform }));
    return stateOfTree(await root.tree(), platform, layers, access);
  }
  const { image, source, whole } = await openDocuments(parsed, stack, { ...access, platform });
  const { config } = image;
  const own = storedLayers(image, source).map(
    (stored, i): StateLayer => ({ key: present(config.rootfs.diff_ids[i], 'DiffID'), stored }),
  );
  return {
    ...scratchState(platformIn(config)),
    ...filesOf(async () => {
      const { tree, layers } = await whole();
      return { tree, layers: layers.map(({ diffId, changes }) => ({ key: diffId, changes })) };
    }),
    layers: own,
    chain: chainOf(own),
    config: config.config ?? {},
    author: config.author,
    before: historyFor(image),
  };
}

interface Documents {
  readonly source: Source;
  readonly image: Pick<Image, 'config' | 'layers'>;
  /** With its layers read. */
  whole(): Promise<Image>;
}

/** Layers are read where there is no telling what they are without it. */
async function openDocuments(reference: Reference, stack: AsyncDisposableStack, access: Access): Promise<Documents> {
  const { run, env, platform } = access;
  const store = storeDirectory(env);
  const { reading, sending: source } = fetchedOnce(stack.use(await openSource(reference, access)), store, stack);
  const choice = { wanted: platform, machine: machinePlatform() };
  const descriptor = await resolvePlatform(source, await source.resolve(run), choice, run);
  const cache = stack.use(openLayerCache(cacheDir(store)));
  const whole = () => loadImage(reading, descriptor, cache, run);
  if (!source.synthesized) return { source, image: await loadUnread(source, descriptor, run), whole };
  const image = await whole();
  return { source, image, whole: async () => image };
}

/** A root filesystem as one layer, so that programs can be run in it and images refer to it. */
export async function stateOfTree(tree: Tree, platform: Platform, layers: LayerMaker, { run }: Access): Promise<State> {
  const { diffId, blob, size, entries } = await layers.add(writeLayer(tree), run);
  const root = async () => {
    const changes = anchor(EMPTY_TREE, entries);
    return { tree: apply(EMPTY_TREE, changes), layers: [{ key: diffId, changes }] };
  };
  const layer = { key: diffId, stored: { kind: 'tar', blob, size } } as const;
  return {
    ...stacked(scratchState(platform), layer, root),
    before: [{ created_by: 'pare: a root filesystem' }],
  };
}

/** `--cache-to`: what a build remembers, to each place that was asked for. @module */
import { rmSync } from 'node:fs';
import type { DiffId, Digest } from '../../../base/digest.ts';
import { ImageError, placed } from '../../../base/errors.ts';
import { isCacheOf } from '../../../builders/dockerfile/cache-id.ts';
import type { CachedStep } from '../../../formats/oci/build-cache.ts';
import { refName } from '../../../formats/oci/layout.ts';
import type { Descriptor } from '../../../formats/oci/types.ts';
import type { LayoutReference } from '../../../formats/reference/parse.ts';
import type { StepRunner } from '../../../ports/build-steps.ts';
import type { LayerCache } from '../../../ports/layer-cache.ts';
import type { NewLayer } from '../../../ports/new-image.ts';
import { openSink } from '../../../sinks.ts';
import type { Access } from '../../../sources.ts';
import type { BuildMemo } from '../../../store/build-memo.ts';
import { blobPath, isLayout, readIndex } from '../../../system/layout-directory.ts';
import { addImage, neededBlobs } from '../../../system/layout-reach.ts';
import { lockDirectoryNow } from '../../../system/lock.ts';
import { type Exporting, exportCache, fits } from './export.ts';
import type { ImportedCache } from './import.ts';
import type { SharedMemory } from './memory.ts';
import type { CacheTarget } from './options.ts';

/** What there is to send. */
export interface Sendable {
  readonly memory: SharedMemory;
  readonly memo: BuildMemo;
  readonly layers: LayerCache;
  /** Keys of the steps that led to the result. */
  readonly keys: ReadonlySet<Digest>;
  /** Ids of the cache mounts that RUNs name. */
  readonly mounts: ReadonlySet<string>;
  readonly imported: (() => Promise<ImportedCache>) | undefined;
  runner(): Promise<StepRunner>;
  readonly warn: (text: string) => void;
}

export interface SentCache {
  readonly reference: string;
  readonly descriptor: Descriptor;
}

/** @throws ImageError, unless failures are to be ignored */
export async function sendCaches(
  targets: readonly CacheTarget[],
  what: Sendable,
  access: Access,
): Promise<readonly SentCache[]> {
  const sent: SentCache[] = [];
  for (const target of targets) {
    if (target.place === undefined) continue;
    const option = `--cache-to ${target.text}`;
    try {
      sent.push({ reference: target.place.text, descriptor: await send(target, target.place, what, access) });
    } catch (error) {
      if (!(error instanceof ImageError) || !target.ignoreError) throw placed(error, option);
      what.warn(`${option}: ${error.message}`);
    }
  }
  return sent;
}

type Place = NonNullable<CacheTarget['place']>;

async function send(target: CacheTarget, place: Place, what: Sendable, access: Access): Promise<Descriptor> {
  const before = place.kind === 'docker' ? undefined : namedIn(place);
  await using stack = new AsyncDisposableStack();
  const mounts = await mountsOf(target, what, stack, access);
  const descriptor = await written({ ...chosen(target, what, access), mounts }, place, access);
  if (place.kind !== 'docker' && before !== undefined && before.digest !== descriptor.digest)
    forget(before, place.path);
  return descriptor;
}

async function written(what: Exporting, place: Place, access: Access): Promise<Descriptor> {
  await using sink = await openSink(place, access);
  return await exportCache(what, sink, access.run);
}

function chosen(
  { mode, compression }: CacheTarget,
  { memory, memo, layers, keys }: Sendable,
  { run }: Access,
): Omit<Exporting, 'mounts'> {
  const steps = [...memory.steps.values()];
  return {
    steps: mode === 'max' ? steps : stepsOf(memory, keys),
    contents: [...memory.known.values()],
    compression,
    memo,
    layer: async (diffId) => {
      const kept = await memory.stored(diffId);
      if (kept !== undefined && fits(kept.descriptor, compression)) return kept;
      return (await tarOf(diffId, layers, run)) ?? kept;
    },
  };
}

/** Those with the keys. */
export function stepsOf({ steps }: SharedMemory, keys: Iterable<Digest>): readonly CachedStep[] {
  return [...keys].flatMap((key) => steps.get(key) ?? []);
}

async function tarOf(diffId: DiffId, layers: LayerCache, run: Access['run']): Promise<NewLayer | undefined> {
  const layer = await layers.get(diffId, run);
  return layer && { kind: 'tar', blob: layer.blob, size: layer.size };
}

/** As they lie here, and those that were never wanted here as they were imported. */
async function mountsOf(
  { mounts }: CacheTarget,
  { mounts: named, imported, memory, runner, warn }: Sendable,
  stack: AsyncDisposableStack,
  { run }: Access,
): Promise<Exporting['mounts']> {
  const found: { readonly id: string; readonly layer: NewLayer }[] = [];
  for (const id of mounts === 'all' ? [...named].sort() : mounts.flatMap((name) => idsOf(name, named))) {
    const cache = await (await runner()).cache(id, run);
    const diffId = cache === undefined ? (await imported?.())?.mounts.get(id) : undefined;
    const kept = diffId && (await memory.stored(diffId));
    if (cache !== undefined) found.push({ id, layer: { kind: 'made', content: stack.use(cache).tree } });
    else if (kept !== undefined) found.push({ id, layer: kept });
    else if (mounts !== 'all') warn(`--cache-to: there is no cache mount "${id}"`);
  }
  return found;
}

/** One that no RUN of this build names may be there of another. */
function idsOf(name: string, named: ReadonlySet<string>): readonly string[] {
  const ids = [...named].filter((id) => isCacheOf(id, name)).sort();
  return ids.length === 0 ? [name] : ids;
}

function namedIn({ path, name }: LayoutReference): Descriptor | undefined {
  return isLayout(path) ? readIndex(path).manifests.find((entry) => refName(entry) === name) : undefined;
}

/** Takes what only the memory before needed out of a layout, unless somebody else writes there: it would grow with each build. */
function forget(before: Descriptor, dir: string): void {
  using alone = lockDirectoryNow(`${dir}/blobs`);
  if (alone === undefined) return;
  const index = readIndex(dir);
  const own = new Set<Digest>();
  addImage(dir, index, before, own);
  const needed = neededBlobs(dir, index, []);
  for (const digest of own) if (!needed.has(digest)) rmSync(blobPath(dir, digest), { force: true });
}

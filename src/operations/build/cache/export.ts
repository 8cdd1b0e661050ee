/** Sending what a build remembers elsewhere: a manifest of the layers that its steps made, with the keys in its config. @module */
import { type DiffId, digestOf } from '../../../base/digest.ts';
import { canonicalJson } from '../../../base/json.ts';
import type { LayerForm } from '../../../formats/layer/form.ts';
import {
  type CachedContent,
  type CachedMount,
  type CachedStep,
  cacheDocument,
} from '../../../formats/oci/build-cache.ts';
import { layerCompression, OCI_MANIFEST, PARE_BUILD_CACHE } from '../../../formats/oci/media-types.ts';
import type { Descriptor, Manifest } from '../../../formats/oci/types.ts';
import { EMPTY_TREE } from '../../../model/tree.ts';
import type { Sink } from '../../../ports/content-store.ts';
import type { NewLayer } from '../../../ports/new-image.ts';
import { pushDocument } from '../../../ports/push-document.ts';
import type { Run } from '../../../ports/run.ts';
import type { BuildMemo } from '../../../store/build-memo.ts';
import { saveLayer } from '../../../transforms/save/save.ts';

export interface ExportedMount {
  readonly id: string;
  readonly layer: NewLayer;
}

export interface Exporting {
  readonly steps: readonly CachedStep[];
  readonly contents: readonly CachedContent[];
  /** Kept as it is stored where it is stored; undefined where it is gone. */
  layer(diffId: DiffId): Promise<NewLayer | undefined>;
  readonly mounts: readonly ExportedMount[];
  /** Of all layers; undefined: as they are. */
  readonly compression: LayerForm | undefined;
  /** As what a layer was stored before. */
  readonly memo: Pick<BuildMemo, 'stored' | 'remember'>;
}

/** @returns the manifest, which the sink names from now on */
export async function exportCache(what: Exporting, sink: Sink, run: Run = {}): Promise<Descriptor> {
  const layers = new Map<DiffId, Descriptor>();
  // In an order that depends on nothing else, so that the same memory has the same digest.
  const diffIds = [...new Set(what.steps.flatMap(({ diffId }) => diffId ?? []))].sort();
  for (const diffId of diffIds) {
    const descriptor = await sent(diffId, what, sink, run);
    if (descriptor !== undefined) layers.set(diffId, descriptor);
  }
  const steps = what.steps.filter(({ diffId }) => diffId === undefined || layers.has(diffId)).toSorted(byKey);
  const mounts: CachedMount[] = [];
  for (const { id, layer } of what.mounts) {
    const { diffId, descriptor } = await saveLayer(layer, sink, what.compression ?? 'gzip', run);
    layers.set(diffId, descriptor);
    mounts.push({ id, diffId });
  }
  if (layers.size === 0) {
    // A manifest has one layer at least.
    const { diffId, descriptor } = await saveLayer({ kind: 'made', content: EMPTY_TREE }, sink, 'gzip', run);
    layers.set(diffId, descriptor);
  }
  const document = cacheDocument({
    diffIds: [...layers.keys()],
    steps,
    contents: what.contents.toSorted(byKey),
    mounts,
  });
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: PARE_BUILD_CACHE,
    config: await pushDocument(sink, PARE_BUILD_CACHE, document, run),
    layers: [...layers.values()],
  };
  const descriptor = await pushDocument(sink, OCI_MANIFEST, canonicalJson(manifest), run);
  await sink.commit(descriptor, {}, run);
  return descriptor;
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : 1;
}

/** Undefined for a layer that is gone. */
async function sent(diffId: DiffId, what: Exporting, sink: Sink, run: Run): Promise<Descriptor | undefined> {
  const { compression, memo } = what;
  const form = compression ?? 'gzip';
  // As what it was stored in this form is remembered: where the sink has that, nothing is compressed.
  const key = form === 'gzip' ? diffId : (digestOf(`${diffId} ${form}`) as DiffId);
  const known = memo.stored(key);
  if (known !== undefined && (await sink.has(known, run))) return known;
  const layer = await what.layer(diffId);
  if (layer === undefined) return undefined;
  const { descriptor } = await saveLayer(layer, sink, form, run);
  if (known === undefined && layer.kind !== 'kept') await memo.remember(key, descriptor);
  return descriptor;
}

/** Whether a layer may stay as it is stored. */
export function fits({ mediaType }: Descriptor, compression: LayerForm | undefined): boolean {
  return compression === undefined || layerCompression(mediaType) === compression;
}

/** From stored blobs to an image as a value: documents checked, layers uncompressed, scanned and applied. @module */

import { mapBounded } from '../../base/concurrency.ts';
import { asDiffId, type DiffId, shortDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { decompress } from '../../formats/compress/decompress.ts';
import { checkLayerCount, parseConfig } from '../../formats/oci/config.ts';
import { isConfigType, layerCompression } from '../../formats/oci/media-types.ts';
import { parseManifest } from '../../formats/oci/parse.ts';
import type { Descriptor, ImageConfig } from '../../formats/oci/types.ts';
import { anchor } from '../../model/anchor.ts';
import { apply } from '../../model/apply.ts';
import type { Image, Layer, StoredManifest } from '../../model/image.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import type { Source } from '../../ports/content-store.ts';
import type { LayerCache, ScannedLayer } from '../../ports/layer-cache.ts';
import { reported } from '../../ports/progress.ts';
import type { Run } from '../../ports/run.ts';
import { readDocument } from '../../ports/verified.ts';

/** Layers that are fetched and decompressed at once. */
const CONCURRENCY = 2;

/**
 * The image of one manifest. Its contents can be read until source and cache are disposed of.
 * @param descriptor of a manifest, as `resolvePlatform` gives it
 * @throws ImageError INVALID, DIGEST_MISMATCH, LIMIT, NOT_FOUND; UNSUPPORTED for what is no image
 */
export async function loadImage(
  source: Source,
  descriptor: Descriptor,
  cache: LayerCache,
  run: Run = {},
): Promise<Image> {
  const { image, verified } = await loadAhead(source, descriptor, cache, run);
  await verified;
  return image;
}

export interface LoadedAhead {
  readonly image: Image;
  /** Rejects where the bytes are not those of the image, with DIGEST_MISMATCH: nothing made of them may be shown before it resolves. */
  readonly verified: Promise<unknown>;
}

/** The same while layers that are read where they lie are still being verified. @throws as {@link loadImage} */
export async function loadAhead(
  source: Source,
  descriptor: Descriptor,
  cache: LayerCache,
  run: Run = {},
): Promise<LoadedAhead> {
  const { manifest, rawManifest, config, rawConfig } = await loadDocuments(source, descriptor, run);
  const ids = config.rootfs.diff_ids;
  const scanned = await mapBounded(manifest.layers, CONCURRENCY, (layer, i) =>
    scannedLayer(source, layer, asDiffId(ids[i] as DiffId), cache, run),
  );
  const verified = Promise.all(scanned.map((layer) => layer.verified));
  verified.catch(() => undefined); // for whoever awaits it
  const layers: Layer[] = [];
  let tree: Tree = EMPTY_TREE;
  try {
    for (const [i, { blob, size, entries }] of scanned.entries()) {
      run.signal?.throwIfAborted();
      const changes = anchor(tree, entries);
      tree = apply(tree, changes);
      layers.push({ diffId: ids[i] as DiffId, descriptor: manifest.layers[i], blob, size, changes });
    }
  } catch (error) {
    await verified; // that the bytes are damaged is more to the point
    throw error;
  }
  return { image: { config, layers, tree, source: { descriptor, manifest, rawManifest, rawConfig } }, verified };
}

/** What an image says of itself, without looking at its layers. @throws as {@link loadImage} */
export async function loadDocuments(
  source: Source,
  descriptor: Descriptor,
  run: Run = {},
): Promise<Omit<StoredManifest, 'descriptor'> & { readonly config: ImageConfig }> {
  const rawManifest = await readDocument(source, descriptor, run);
  const manifest = parseManifest(rawManifest, descriptor);
  if (!isConfigType(manifest.config.mediaType)) {
    const type = manifest.artifactType ?? manifest.config.mediaType;
    throw new ImageError('UNSUPPORTED', `${source.reference} is no image: it is an artifact of the type ${type}`);
  }
  const rawConfig = await readDocument(source, manifest.config, run);
  const config = parseConfig(rawConfig, `config ${manifest.config.digest}`);
  checkLayerCount(manifest, config);
  return { manifest, rawManifest, config, rawConfig };
}

async function scannedLayer(
  source: Source,
  layer: Descriptor,
  diffId: DiffId,
  cache: LayerCache,
  run: Run,
): Promise<ScannedLayer> {
  const compression = layerCompression(layer.mediaType);
  if (compression === undefined) {
    throw new ImageError(
      'UNSUPPORTED',
      `${source.reference}: the layer ${layer.digest} is of type ${layer.mediaType}`,
      {
        hint: 'pare reads layers that are tar, uncompressed or compressed with gzip or zstd',
      },
    );
  }
  const known = await cache.get(diffId, run);
  if (known !== undefined) return known;
  try {
    const blob = compression === 'none' ? await source.blob?.(layer) : undefined;
    if (blob !== undefined) return await cache.adopt(diffId, blob, layer.size, run);
    const stored = reported(source.fetch(layer, run), `reading layer ${shortDigest(layer.digest)}`, run, layer.size);
    return await cache.put(diffId, decompress(stored, compression, { signal: run.signal }), run);
  } catch (error) {
    if (error instanceof ImageError && error.code === 'INVALID') await assertUndamaged(source, layer, run);
    throw error;
  }
}

/** Bytes that make no sense may have been damaged, which is more to the point. @throws ImageError DIGEST_MISMATCH */
async function assertUndamaged(source: Source, layer: Descriptor, run: Run): Promise<void> {
  for await (const _ of source.fetch(layer, run)) run.signal?.throwIfAborted();
}

/** Writing what was built: one image, or an index of several; layers that the store has compressed already are not again. @module */

import type { DiffId, Digest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/json.ts';
import type { BuiltImage } from '../../builders/dockerfile/image.ts';
import { OCI_INDEX } from '../../formats/oci/media-types.ts';
import type { Descriptor, ImageConfig, Index } from '../../formats/oci/types.ts';
import { isRootReference, parseReference } from '../../formats/reference/parse.ts';
import { choosePlatform } from '../../model/platform.ts';
import type { NewLayer } from '../../ports/new-image.ts';
import { pushDocument } from '../../ports/push-document.ts';
import { openSink, type SinkOptions, saveRoot } from '../../sinks.ts';
import type { Access } from '../../sources.ts';
import type { BuildMemo } from '../../store/build-memo.ts';
import { storeDirectory } from '../../store/directory.ts';
import { hasBlob, readBlob } from '../../system/layout-directory.ts';
import { machinePlatform } from '../../system/machine.ts';
import type { SavedImage } from '../../transforms/save/image.ts';
import { saveImage, writeImage } from '../../transforms/save/save.ts';
import type { Written } from '../pack.ts';

export interface SavedBuild extends Written {
  /** Of what was written: the manifest, or the index; absent for a root filesystem. */
  readonly descriptor?: Descriptor;
  /** Digest of the config, where it is one image. */
  readonly config?: Digest;
}

/** The same image, whose layers are taken as they are stored where the store has them. */
export function storedBlobs(image: BuiltImage, memo: BuildMemo, { env }: Access): BuiltImage {
  const dir = storeDirectory(env);
  const fetch = (descriptor: Descriptor) => readBlob(dir, descriptor, `the store ${dir}`);
  const layers = image.layers.map((layer): NewLayer => {
    const diffId = layer.kind === 'tar' ? (layer.blob.id as DiffId) : undefined;
    const descriptor = diffId === undefined ? undefined : memo.stored(diffId);
    if (diffId === undefined || descriptor === undefined || !hasBlob(dir, descriptor)) return layer;
    return { kind: 'kept', descriptor, diffId, from: { fetch } };
  });
  return { ...image, layers };
}

/** @throws ImageError */
export async function saveBuild(
  images: readonly BuiltImage[],
  reference: string,
  naming: SinkOptions,
  memo: BuildMemo,
  access: Access,
): Promise<SavedBuild> {
  const parsed = parseReference(reference);
  if (isRootReference(parsed)) {
    const tree = await oneOf(images, reference).tree();
    return { reference, ...(await saveRoot(tree, parsed, access)) };
  }
  await using sink = await openSink(parsed, access, naming);
  const isIndex = images.length > 1 && sink.layerCompression === undefined;
  if (!isIndex) {
    const saved = await saveImage(oneOf(images, reference), sink, {}, access.run);
    if (parsed.kind === 'store') await rememberBlobs(saved, memo);
    const { descriptor, manifest } = saved;
    const { digest } = descriptor;
    return { reference, digest, descriptor, config: manifest.config.digest, compressed: layersSize(saved) };
  }
  const manifests: Descriptor[] = [];
  let compressed = 0;
  for (const image of images) {
    const saved = await writeImage(image, sink, 'gzip', access.run);
    if (parsed.kind === 'store') await rememberBlobs(saved, memo);
    manifests.push(saved.descriptor);
    compressed += layersSize(saved);
  }
  const index: Index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
  const descriptor = await pushDocument(sink, OCI_INDEX, canonicalJson(index), access.run);
  await sink.commit(descriptor, {}, access.run);
  return { reference, digest: descriptor.digest, descriptor, compressed };
}

function oneOf(images: readonly BuiltImage[], reference: string): BuiltImage {
  const found = images.length === 1 ? images[0] : choosePlatform(images, ({ platform }) => platform, machinePlatform());
  if (found !== undefined) return found;
  throw new ImageError('USAGE', `${reference} holds one platform, and none of those built is this machine's`, {
    hint: 'build one with --platform',
  });
}

function layersSize({ manifest }: SavedImage): number {
  return manifest.layers.reduce((sum, { size }) => sum + size, 0);
}

async function rememberBlobs(
  { manifest, config }: { manifest: SavedImage['manifest']; config: ImageConfig },
  memo: BuildMemo,
) {
  for (const [i, diffId] of config.rootfs.diff_ids.entries()) {
    const descriptor = manifest.layers[i];
    if (descriptor !== undefined && memo.stored(diffId) === undefined) await memo.remember(diffId, descriptor);
  }
}

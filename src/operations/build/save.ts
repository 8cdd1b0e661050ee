/** Writing what was built: one image, or an index of several; layers that the store has compressed already are not again. @module */

import type { DiffId, Digest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/json.ts';
import type { BuiltImage } from '../../builders/dockerfile/image.ts';
import type { LayerForm } from '../../formats/layer/form.ts';
import { layerType, OCI_INDEX } from '../../formats/oci/media-types.ts';
import type { Descriptor, ImageConfig, Index, Platform } from '../../formats/oci/types.ts';
import { isRootReference, parseReference } from '../../formats/reference/parse.ts';
import { formatPlatform } from '../../model/platform.ts';
import type { NewLayer } from '../../ports/new-image.ts';
import { pushDocument } from '../../ports/push-document.ts';
import { openSink, type SinkOptions } from '../../sinks.ts';
import type { Access } from '../../sources.ts';
import type { BuildMemo } from '../../store/build-memo.ts';
import { storeDirectory } from '../../store/directory.ts';
import { hasBlob, readBlob } from '../../system/layout-directory.ts';
import type { SavedImage } from '../../transforms/save/image.ts';
import { writeImage } from '../../transforms/save/save.ts';
import type { Written } from '../pack.ts';
import { type Annotation, annotationsOf } from './annotations.ts';
import { type FileForm, saveFiles } from './save-files.ts';

export interface SavedBuild extends Written {
  /** Of what was written: the manifest, or the index; absent for a root filesystem. */
  readonly descriptor?: Descriptor;
  /** Digest of the config, where it is one image. */
  readonly config?: Digest;
}

/** The same image, whose layers are taken as they are stored where the store has them in the form that is wanted. */
function stored(image: BuiltImage, { compression }: SaveForm, memo: BuildMemo, { env }: Access): BuiltImage {
  if (compression !== undefined && compression !== 'none') return image;
  const dir = storeDirectory(env);
  const fetch = (descriptor: Descriptor) => readBlob(dir, descriptor, `the store ${dir}`);
  const layers = image.layers.map((layer): NewLayer => {
    if (layer.kind !== 'tar') return layer;
    const diffId = layer.blob.id as DiffId;
    const plain = { mediaType: layerType('none'), digest: diffId, size: layer.size };
    const descriptor = compression === 'none' ? plain : memo.stored(diffId);
    if (descriptor === undefined || !hasBlob(dir, descriptor)) return layer;
    return { kind: 'kept', descriptor, diffId, from: { fetch } };
  });
  return { ...image, layers };
}

/** How it is written. */
export interface SaveForm extends SinkOptions, FileForm {
  /** Of layers that are made; default gzip. */
  readonly compression?: LayerForm | undefined;
}

/** What was built, and what is said of it. */
export interface Built {
  /** One for each platform. */
  readonly images: readonly BuiltImage[];
  /** Whether it is an index, even of one. */
  readonly isIndex: boolean;
  readonly annotations: readonly Annotation[];
}

/** @throws ImageError */
export async function saveBuild(
  { images, isIndex, annotations }: Built,
  reference: string,
  form: SaveForm,
  memo: BuildMemo,
  access: Access,
): Promise<SavedBuild> {
  const parsed = parseReference(reference);
  if (isRootReference(parsed)) {
    const split = form.split ?? isIndex;
    return { reference, ...(await saveFiles(images, parsed, { ...form, split }, access)) };
  }
  await using sink = await openSink(parsed, access, form);
  const [only] = images as [BuiltImage];
  const save = async (image: BuiltImage) => {
    const saved = await writeImage(stored(image, form, memo, access), sink, form.compression, access.run);
    if (parsed.kind === 'store' && form.compression === undefined) await rememberBlobs(saved, memo);
    return saved;
  };
  if (!isIndex || (images.length === 1 && sink.layerCompression !== undefined)) {
    const saved = await save(only);
    const { descriptor, manifest } = saved;
    await sink.commit(descriptor, {}, access.run);
    const { digest } = descriptor;
    return { reference, digest, descriptor, config: manifest.config.digest, compressed: layersSize(saved) };
  }
  if (sink.layerCompression !== undefined)
    throw onePlatformOnly(
      reference,
      images.map(({ platform }) => platform),
    );
  const manifests: Descriptor[] = [];
  let compressed = 0;
  for (const image of images) {
    const saved = await save(image);
    const own = annotationsOf(annotations, 'manifest-descriptor', image.platform);
    manifests.push({ ...saved.descriptor, ...(own === undefined ? {} : { annotations: own }) });
    compressed += layersSize(saved);
  }
  const own = annotationsOf(annotations, 'index');
  const index: Index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests,
    ...(own === undefined ? {} : { annotations: own }),
  };
  const descriptor = await pushDocument(sink, OCI_INDEX, canonicalJson(index), access.run);
  await sink.commit(descriptor, {}, access.run);
  return { reference, digest: descriptor.digest, descriptor, compressed };
}

export function onePlatformOnly(reference: string, platforms: readonly Platform[]): ImageError {
  const several = platforms.map(formatPlatform).join(', ');
  return new ImageError('USAGE', `${reference} holds an image of one platform, and not ${several}`, {
    hint: 'build one with --platform; the store, registries and OCI layouts hold several',
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

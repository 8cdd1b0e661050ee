/**
 * Writing a new image: layers, config, manifest, and what is attached to it, in this order, so that whoever sees a document
 * can get what it speaks of. Bytes flow: a layer is made, hashed, compressed and stored piece by piece.
 * @module
 */
import { asDiffId, type DiffId } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/json.ts';
import { encodeLayer } from '../../formats/layer/encode.ts';
import { type LayerForm, partsOf } from '../../formats/layer/form.ts';
import { layerCompression, layerType, OCI_CONFIG, OCI_EMPTY, OCI_MANIFEST } from '../../formats/oci/media-types.ts';
import { NO_REFERRERS, type Referrers } from '../../formats/oci/referrers.ts';
import type { Descriptor, History, ImageConfig, Manifest } from '../../formats/oci/types.ts';
import { layerSize, writeLayer } from '../../model/layer/write.ts';
import type { Sink } from '../../ports/content-store.ts';
import { reported } from '../../ports/progress.ts';
import { pushDocument } from '../../ports/push-document.ts';
import type { Run } from '../../ports/run.ts';
import { transfer } from '../../ports/transfer.ts';
import { testCompressor } from './compressor.ts';
import type { Attachment, KeptLayer, MadeLayer, NewImage, NewLayer, SavedImage, TarLayer } from './image.ts';

export interface SaveOptions {
  /** Of layers that are made; default gzip. A sink that leaves no choice decides itself. */
  readonly compression?: LayerForm | undefined;
  /** A promise of them: they may still be in the making while layers are written. */
  readonly attachments?: readonly Attachment[] | Promise<readonly Attachment[]>;
}

/** Writes the image and makes the sink's reference name it. */
export async function saveImage(
  image: NewImage,
  sink: Sink,
  options: SaveOptions = {},
  run: Run = {},
): Promise<SavedImage> {
  const { saved, referrers } = await writeWithAttachments(image, sink, options, run);
  await sink.commit(saved.descriptor, { referrers }, run);
  return saved;
}

/** The same without naming it: for one that is to be part of an index. What is attached is for the commit. */
export async function writeWithAttachments(
  image: NewImage,
  sink: Sink,
  options: SaveOptions,
  run: Run = {},
): Promise<{ readonly saved: SavedImage; readonly referrers: Referrers }> {
  const attachments = Promise.resolve(sink.withoutReferrers ? [] : (options.attachments ?? []));
  attachments.catch(() => undefined); // awaited below, unless writing fails before
  const saved = await writeImage(image, sink, options.compression, run);
  const attached: Descriptor[] = [];
  for (const attachment of await attachments) {
    attached.push(await attach(attachment, saved.descriptor, sink, run));
  }
  return { saved, referrers: attached.length === 0 ? NO_REFERRERS : new Map([[saved.descriptor.digest, attached]]) };
}

/** The image alone. */
export async function writeImage(
  image: NewImage,
  sink: Sink,
  compression: LayerForm = 'gzip',
  run: Run = {},
): Promise<SavedImage> {
  const written: WrittenLayer[] = [];
  for (const layer of image.layers) written.push(await saveLayer(layer, sink, compression, run));
  const config = configOf(image, written);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: await pushDocument(sink, OCI_CONFIG, canonicalJson(config), run),
    layers: written.map((layer) => layer.descriptor),
    ...(image.annotations === undefined ? {} : { annotations: image.annotations }),
  };
  const descriptor = await pushDocument(sink, OCI_MANIFEST, canonicalJson(manifest), run);
  return { descriptor: { ...descriptor, platform: image.platform }, manifest, config };
}

export interface WrittenLayer {
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
}

/** One layer, as it is or compressed. */
export function saveLayer(layer: NewLayer, sink: Sink, compression: LayerForm, run: Run): Promise<WrittenLayer> {
  switch (layer.kind) {
    case 'made':
    case 'tar':
      return saveMade(layer, sink, sink.layerCompression ?? compression, run);
    case 'kept':
      return saveKept(layer, sink, run);
  }
}

async function saveMade(layer: MadeLayer | TarLayer, sink: Sink, form: LayerForm, run: Run): Promise<WrittenLayer> {
  const { compression, mediaType } = partsOf(form);
  await testCompressor(compression, run);
  const { size, bytes } = tarOf(layer);
  // The size of one that is made is a walk through all of it: half of what composing it takes.
  const total = compression === 'none' && layer.kind === 'made' ? undefined : size();
  const tar = reported(bytes, 'writing a layer', run, total);
  const encoded = encodeLayer(tar, form, { size: () => total ?? size(), signal: run.signal });
  const descriptor = await sink.write(mediaType, encoded.bytes, run);
  const { diffId = asDiffId(descriptor.digest), annotations } = encoded.result();
  return { descriptor: annotations === undefined ? descriptor : { ...descriptor, annotations }, diffId };
}

function tarOf(layer: MadeLayer | TarLayer): { size(): number; readonly bytes: AsyncIterable<Uint8Array> } {
  if (layer.kind === 'tar') return { size: () => layer.size, bytes: layer.blob.stream(0, layer.size) };
  const below = layer.below === undefined ? {} : { below: layer.below };
  return { size: () => layerSize(layer.content, below), bytes: writeLayer(layer.content, below) };
}

/** The bytes stay; a name that Docker has for the type becomes the OCI's, since the manifest is one of the OCI. */
async function saveKept({ descriptor, diffId, from }: KeptLayer, sink: Sink, run: Run): Promise<WrittenLayer> {
  const compression = layerCompression(descriptor.mediaType);
  if (compression === undefined) {
    throw new ImageError('UNSUPPORTED', `the layer ${descriptor.digest} is of the type ${descriptor.mediaType}`, {
      hint: 'pare reads layers that are tar, gzip or zstd',
    });
  }
  const kept = { ...descriptor, mediaType: layerType(compression) };
  await transfer(from, sink, descriptor, run, kept);
  return { descriptor: kept, diffId };
}

function configOf(image: NewImage, layers: readonly WrittenLayer[]): ImageConfig {
  const { platform, config, created, author } = image;
  const stamp = created === undefined ? {} : { created };
  const history: readonly History[] = image.history ?? layers.map(() => ({ ...stamp, created_by: 'pare' }));
  if (history.filter((entry) => entry.empty_layer !== true).length !== layers.length) {
    throw new Error(`bug: a history of ${history.length} entries for ${layers.length} layers`);
  }
  return {
    ...image.unknown,
    ...platform,
    ...stamp,
    ...(author === undefined ? {} : { author }),
    config,
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    history,
  };
}

/** As image-spec manifest.md, "Guidelines for Artifact Usage": an empty config, the content as the only layer. */
async function attach(attachment: Attachment, subject: Descriptor, sink: Sink, run: Run): Promise<Descriptor> {
  const { artifactType, bytes, annotations } = attachment;
  const { mediaType, digest, size } = subject;
  const common = { artifactType, ...(annotations === undefined ? {} : { annotations }) };
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    ...common,
    config: await pushDocument(sink, OCI_EMPTY, canonicalJson({}), run),
    layers: [await pushDocument(sink, artifactType, bytes, run)],
    subject: { mediaType, digest, size },
  };
  return { ...(await pushDocument(sink, OCI_MANIFEST, canonicalJson(manifest), run)), ...common };
}

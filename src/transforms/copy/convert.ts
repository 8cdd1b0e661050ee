/**
 * Copying an image with its layers stored in another form: the manifest becomes another; and the config, where the form has
 * something in the tar itself (eStargz's table of contents), so that DiffIDs change.
 * @module
 */
import { asDiffId, type DiffId, digestOf, shortDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { canonicalJson, type JsonObject, parseJson } from '../../base/json.ts';
import { pieces } from '../../base/stream.ts';
import { decompress } from '../../formats/compress/decompress.ts';
import { encodeLayer } from '../../formats/layer/encode.ts';
import { type LayerForm, partsOf } from '../../formats/layer/form.ts';
import { checkLayerCount, parseConfig } from '../../formats/oci/config.ts';
import { formatOf } from '../../formats/oci/image-format.ts';
import { isConfigType, isForeignLayer, layerCompression } from '../../formats/oci/media-types.ts';
import { MANIFEST_LIMIT } from '../../formats/oci/parse.ts';
import type { Descriptor, Manifest } from '../../formats/oci/types.ts';
import type { Sink, Source } from '../../ports/content-store.ts';
import { reported } from '../../ports/progress.ts';
import type { Run } from '../../ports/run.ts';
import { readDocument } from '../../ports/verified.ts';
import type { Change } from './change.ts';
import { isInForm } from './in-form.ts';
import { checkDocuments, manifestIn } from './manifest-document.ts';

export interface Conversion {
  readonly source: Source;
  readonly sink: Sink;
  readonly run: Run;
  /** Sends blobs that stay as they are. */
  readonly send: (blobs: readonly Descriptor[]) => Promise<void>;
}

/** @returns the descriptor of the new manifest; the old one where nothing had to change */
export async function convertManifest(
  manifest: Manifest,
  descriptor: Descriptor,
  { form, format }: Change,
  conversion: Conversion,
): Promise<Descriptor> {
  const { source, sink, run } = conversion;
  if (format !== undefined) checkDocuments(manifest, descriptor, format, form);
  const rawConfig = await readDocument(source, manifest.config, run);
  const before = form === undefined ? undefined : diffIds(manifest, rawConfig);
  const layers = await convertLayers(manifest.layers, before, form, conversion);
  const target = format ?? 'oci';
  const isSame = layers.every(({ descriptor: { digest } }, i) => digest === manifest.layers[i]?.digest);
  if (isSame && (format ?? formatOf(descriptor.mediaType)) === formatOf(descriptor.mediaType)) {
    await sink.push(manifest.config, pieces(rawConfig), run);
    await sink.push(descriptor, source.fetch(descriptor, run), run);
    return descriptor;
  }
  const configBytes = before === undefined ? rawConfig : configWith(layers, before, rawConfig);
  const { digest, size } = await pushDocument(sink, manifest.config.mediaType, configBytes, run);
  const parts = { config: { ...manifest.config, digest, size }, layers: layers.map((layer) => layer.descriptor) };
  const { document, lost } = manifestIn(target, { ...manifest, ...parts });
  for (const text of lost) run.report?.({ type: 'warning', text: `${descriptor.digest}: ${text}` });
  const made = await pushDocument(sink, document.mediaType, canonicalJson(document), run);
  const { platform } = descriptor;
  return platform === undefined ? made : { ...made, platform };
}

async function convertLayers(
  layers: readonly Descriptor[],
  ids: readonly DiffId[] | undefined,
  form: LayerForm | undefined,
  { source, sink, run, send }: Conversion,
): Promise<readonly Converted[]> {
  if (form === undefined || ids === undefined) {
    await send(layers);
    return layers.map((descriptor) => ({ descriptor, diffId: undefined }));
  }
  const converted: Converted[] = [];
  for (const [i, layer] of layers.entries()) {
    const diffId = ids[i] as DiffId;
    if (isForeignLayer(layer) || isInForm(layer, form)) {
      await send([layer]);
      converted.push({ descriptor: layer, diffId });
    } else converted.push(await convertLayer(layer, form, source, sink, run));
  }
  return converted;
}

interface Converted {
  readonly descriptor: Descriptor;
  /** Undefined where it was not asked for: it stays. */
  readonly diffId: DiffId | undefined;
}

function diffIds(manifest: Manifest, rawConfig: Uint8Array): readonly DiffId[] {
  if (!isConfigType(manifest.config.mediaType)) {
    throw new ImageError('UNSUPPORTED', `the config ${manifest.config.digest} is no image's`, {
      hint: 'copy it without --compression: its bytes stay as they are then',
    });
  }
  const config = parseConfig(rawConfig, `config ${manifest.config.digest}`);
  checkLayerCount(manifest, config);
  return config.rootfs.diff_ids;
}

/** The very bytes where no DiffID has changed. */
function configWith(layers: readonly Converted[], before: readonly DiffId[], raw: Uint8Array): Uint8Array {
  const ids = layers.map(({ diffId }) => diffId);
  if (ids.every((id, i) => id === before[i])) return raw;
  const config = parseJson(raw, 'config', MANIFEST_LIMIT) as JsonObject;
  return canonicalJson({ ...config, rootfs: { type: 'layers', diff_ids: ids } });
}

async function convertLayer(
  layer: Descriptor,
  form: LayerForm,
  source: Source,
  sink: Sink,
  run: Run,
): Promise<Converted> {
  const from = layerCompression(layer.mediaType);
  if (from === undefined) {
    throw new ImageError('UNSUPPORTED', `the layer ${layer.digest} is of the type ${layer.mediaType}`, {
      hint: 'copy it without --compression: its bytes stay as they are then',
    });
  }
  const { compression, mediaType } = partsOf(form);
  const label = `compressing ${shortDigest(layer.digest)}`;
  const plain = () =>
    decompress(reported(source.fetch(layer, run), label, run, layer.size), from, { signal: run.signal });
  // gzip chooses its level by the size, which of a compressed layer is known only once it has been read.
  const size = from === 'none' ? layer.size : compression === 'gzip' ? await sizeOf(plain()) : 0;
  const encoded = encodeLayer(plain(), form, { size: () => size, signal: run.signal });
  const written = await sink.write(mediaType, encoded.bytes, run);
  const { diffId: made, annotations } = encoded.result();
  return {
    descriptor: annotations === undefined ? written : { ...written, annotations },
    diffId: made ?? asDiffId(written.digest),
  };
}

async function sizeOf(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const piece of bytes) size += piece.length;
  return size;
}

async function pushDocument(sink: Sink, mediaType: string, bytes: Uint8Array, run: Run): Promise<Descriptor> {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  await sink.push(descriptor, pieces(bytes), run);
  return descriptor;
}

/** Copying an image with its layers compressed in another way: the config stays, the manifest becomes another. @module */
import { digestOf, shortDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/json.ts';
import { pieces } from '../../base/stream.ts';
import { decompress } from '../../formats/compress/decompress.ts';
import { gzip } from '../../formats/compress/gzip.ts';
import { zstd } from '../../formats/compress/zstd.ts';
import {
  type Compression,
  layerCompression,
  layerType,
  OCI_CONFIG,
  OCI_MANIFEST,
} from '../../formats/oci/media-types.ts';
import type { Descriptor, Manifest } from '../../formats/oci/types.ts';
import type { Sink, Source } from '../../ports/content-store.ts';
import { reported } from '../../ports/progress.ts';
import type { Run } from '../../ports/run.ts';
import { transfer } from '../../ports/transfer.ts';
import { readDocument } from '../../ports/verified.ts';

/** @returns the descriptor of the new manifest; the old one where nothing had to change */
export async function convertManifest(
  manifest: Manifest,
  descriptor: Descriptor,
  compression: Compression,
  source: Source,
  sink: Sink,
  run: Run,
): Promise<Descriptor> {
  const layers: Descriptor[] = [];
  for (const layer of manifest.layers) layers.push(await convertLayer(layer, compression, source, sink, run));
  const config = await readDocument(source, manifest.config, run);
  const isSame = layers.every((layer, i) => layer.digest === manifest.layers[i]?.digest);
  if (isSame) {
    await sink.push(manifest.config, pieces(config), run);
    await sink.push(descriptor, source.fetch(descriptor, run), run);
    return descriptor;
  }
  const { subject: _, ...rest } = manifest;
  const own = { mediaType: OCI_CONFIG, digest: manifest.config.digest, size: manifest.config.size };
  await sink.push(own, pieces(config), run);
  const bytes = canonicalJson({ ...rest, mediaType: OCI_MANIFEST, config: own, layers } satisfies Manifest);
  const { platform } = descriptor;
  const made = { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length };
  await sink.push(made, pieces(bytes), run);
  return platform === undefined ? made : { ...made, platform };
}

async function convertLayer(
  layer: Descriptor,
  compression: Compression,
  source: Source,
  sink: Sink,
  run: Run,
): Promise<Descriptor> {
  const from = layerCompression(layer.mediaType);
  if (from === undefined) {
    throw new ImageError('UNSUPPORTED', `the layer ${layer.digest} is of the type ${layer.mediaType}`, {
      hint: 'copy it without --compression: its bytes stay as they are then',
    });
  }
  if (from === compression) {
    const kept = { mediaType: layerType(from), digest: layer.digest, size: layer.size };
    await transfer(source, sink, layer, run, kept);
    return kept;
  }
  const label = `compressing ${shortDigest(layer.digest)}`;
  const plain = () =>
    decompress(reported(source.fetch(layer, run), label, run, layer.size), from, { signal: run.signal });
  return sink.write(
    layerType(compression),
    await compressed(plain, compression, from === 'none' ? layer.size : undefined, run),
    run,
  );
}

/** gzip chooses its level by the size, which of a compressed layer is known only once it has been read. */
async function compressed(
  plain: () => AsyncIterable<Uint8Array>,
  compression: Compression,
  knownSize: number | undefined,
  { signal }: Run,
): Promise<AsyncIterable<Uint8Array>> {
  if (compression === 'none') return plain();
  if (compression === 'zstd') return zstd(plain());
  return gzip(plain(), { size: knownSize ?? (await sizeOf(plain())), signal });
}

async function sizeOf(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const piece of bytes) size += piece.length;
  return size;
}

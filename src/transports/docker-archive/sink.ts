/**
 * `docker-archive:FILE[:NAME]` as a sink: what `docker load`, podman and skopeo read. Layers are stored uncompressed, under
 * the digest that the config states; a manifest as registries know it has no place in it.
 * @module
 */
import { asDiffId, type DiffId, type Digest, Digester, encodedOf } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/json.ts';
import { collect, tapped } from '../../base/stream.ts';
import { decompress } from '../../formats/compress/decompress.ts';
import { checkLayerCount, parseConfig } from '../../formats/oci/config.ts';
import { isManifestType, layerCompression } from '../../formats/oci/media-types.ts';
import { MANIFEST_LIMIT, parseManifest } from '../../formats/oci/parse.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import type { NamedReference } from '../../formats/reference/docker.ts';
import type { DockerArchiveReference } from '../../formats/reference/parse.ts';
import type { Sink } from '../../ports/content-store.ts';
import type { Run } from '../../ports/run.ts';
import { verified } from '../../ports/verified.ts';
import { type ArchiveWriter, openArchiveWriter } from '../../system/archive-writer.ts';
import { handleBlob } from '../../system/file-blob.ts';
import { spool } from '../../system/spool.ts';
import { repoTag } from './manifest-file.ts';

/**
 * @param names more names for the image
 * @throws ImageError USAGE, DENIED, CONFLICT
 */
export async function openDockerArchiveSink(
  reference: DockerArchiveReference,
  names: readonly NamedReference[] = [],
): Promise<Sink> {
  const writer = await openArchiveWriter(reference.path);
  return savedImageSink(writer, reference.text, reference.named === undefined ? names : [reference.named, ...names]);
}

/**
 * Writes the image into an archive, which is ended by the commit; disposing of the sink disposes of the writer.
 * @param reference for messages
 */
export function savedImageSink(writer: ArchiveWriter, reference: string, names: readonly NamedReference[]): Sink {
  /** Configs and manifests: a config is written, a manifest only looked into. */
  const documents = new Map<Digest, Uint8Array>();
  /** As pushed → uncompressed. */
  const layers = new Map<Digest, DiffId>();
  const tags = [...new Set(names.map(repoTag))];

  return {
    reference,
    sequential: true,
    layerCompression: 'none',
    withoutReferrers: true,
    has: async ({ digest }) => documents.has(digest) || layers.has(digest),
    push: async (descriptor, bytes, run) => {
      const checked = verified(descriptor, bytes, 'what was to be written');
      const compression = layerCompression(descriptor.mediaType);
      if (compression === undefined) {
        documents.set(descriptor.digest, await collect(checked, MANIFEST_LIMIT, descriptor.digest));
      } else if (!layers.has(descriptor.digest)) {
        const plain = decompress(checked, compression, { signal: run?.signal });
        const known = compression === 'none' ? descriptor : undefined;
        layers.set(descriptor.digest, (await addLayer(writer, layers, plain, known, run)).diffId);
      }
    },
    write: async (mediaType, bytes, run) => {
      const { diffId, size } = await addLayer(writer, layers, bytes, undefined, run);
      layers.set(diffId, diffId);
      return { mediaType, digest: diffId, size };
    },
    commit: async (root) => {
      const { config, entry } = entryOf(root, documents, layers, tags);
      await writer.addBytes(entry.Config, config);
      await writer.addBytes('manifest.json', canonicalJson([entry]));
      await writer.finish();
    },
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

/** Streams where size and digest are known, and keeps the bytes aside first where they are not. */
async function addLayer(
  writer: ArchiveWriter,
  layers: ReadonlyMap<Digest, DiffId>,
  bytes: AsyncIterable<Uint8Array>,
  known: Descriptor | undefined,
  run: Run | undefined,
): Promise<{ diffId: DiffId; size: number }> {
  if (known !== undefined) {
    await writer.add(layerName(known.digest), known.size, bytes);
    return { diffId: asDiffId(known.digest), size: known.size };
  }
  const digester = new Digester();
  await using kept = await spool(tapped(bytes, digester), 'a layer', run);
  const diffId = asDiffId(digester.digest());
  if (![...layers.values()].includes(diffId)) {
    await writer.add(layerName(diffId), kept.size, handleBlob('spool', kept.handle, 'a layer').stream(0, kept.size));
  }
  return { diffId, size: kept.size };
}

function layerName(diffId: Digest): string {
  return `${encodedOf(diffId)}.tar`;
}

interface ManifestEntry {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

/** @throws ImageError UNSUPPORTED for an index of several platforms; INVALID where layers are not what the config says */
function entryOf(
  root: Descriptor,
  documents: ReadonlyMap<Digest, Uint8Array>,
  layers: ReadonlyMap<Digest, DiffId>,
  tags: readonly string[],
): { config: Uint8Array; entry: ManifestEntry } {
  if (!isManifestType(root.mediaType)) {
    throw new ImageError(
      'UNSUPPORTED',
      'an archive of docker save holds one platform of an image, and this is an index',
      {
        hint: 'choose one with --platform, or write oci-archive:FILE',
      },
    );
  }
  const manifest = parseManifest(pushed(documents, root.digest), root);
  const config = pushed(documents, manifest.config.digest);
  const image = parseConfig(config, `config ${manifest.config.digest}`);
  checkLayerCount(manifest, image);
  const ids = image.rootfs.diff_ids;
  for (const [i, layer] of manifest.layers.entries()) {
    if (layers.get(layer.digest) === ids[i]) continue;
    throw new ImageError(
      'DIGEST_MISMATCH',
      `the layer ${layer.digest} uncompressed is not the ${ids[i]} of the config`,
      {
        hint: 'the image is damaged: get it again from where it came from',
      },
    );
  }
  const Config = `${encodedOf(manifest.config.digest)}.json`;
  return { config, entry: { Config, RepoTags: tags, Layers: ids.map(layerName) } };
}

function pushed(documents: ReadonlyMap<Digest, Uint8Array>, digest: Digest): Uint8Array {
  const bytes = documents.get(digest);
  if (bytes === undefined) throw new Error(`bug: ${digest} was not pushed before the commit`);
  return bytes;
}

/** Memories of builds elsewhere: what is known there of steps and cache mounts, and where the layers lie. @module */
import type { DiffId, Digest } from '../../../base/digest.ts';
import { ImageError } from '../../../base/errors.ts';
import {
  type BuildCache,
  type CachedStep,
  parseCacheDocument,
  parseInlineCache,
} from '../../../formats/oci/build-cache.ts';
import { checkLayerCount, parseConfig } from '../../../formats/oci/config.ts';
import { isConfigType, isIndexType, isManifestType, PARE_BUILD_CACHE } from '../../../formats/oci/media-types.ts';
import { parseIndex, parseManifest } from '../../../formats/oci/parse.ts';
import type { Descriptor } from '../../../formats/oci/types.ts';
import type { Source } from '../../../ports/content-store.ts';
import type { KeptLayer } from '../../../ports/new-image.ts';
import type { Run } from '../../../ports/run.ts';
import { readDocument } from '../../../ports/verified.ts';
import { type Access, openSource } from '../../../sources.ts';
import { manifestAtHand } from '../../../store/at-hand.ts';
import type { CacheSource } from './options.ts';

export interface ImportedCache {
  readonly steps: ReadonlyMap<Digest, CachedStep>;
  readonly contents: ReadonlyMap<Digest, Digest>;
  readonly layers: ReadonlyMap<DiffId, ImportedLayer>;
  /** By id. */
  readonly mounts: ReadonlyMap<string, DiffId>;
}

export interface ImportedLayer extends KeptLayer {
  /** The cache, as the user wrote it. */
  readonly where: string;
}

/** An index may name the images of many platforms; more than this is no image. */
const MOST_MANIFESTS = 64;

/**
 * All of them as one: of two that know a step the first counts. No layer is fetched. What is opened stays so until the stack is
 * disposed of.
 * @param warn is told of each that cannot be used
 */
export async function openCaches(
  sources: readonly CacheSource[],
  stack: AsyncDisposableStack,
  access: Access,
  warn: (text: string) => void,
): Promise<ImportedCache> {
  const found = await Promise.all(
    sources.map(async (source) => {
      try {
        return await openCache(source, stack, access);
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
        warn(`--cache-from ${source.text} is not used: ${error.message}`);
        return undefined;
      }
    }),
  );
  return byName(concatenated(found.flatMap((one) => one ?? [])));
}

interface Part extends Pick<BuildCache, 'steps' | 'contents' | 'mounts'> {
  readonly layers: readonly ImportedLayer[];
}

function concatenated(parts: readonly Part[]): Part {
  return {
    steps: parts.flatMap(({ steps }) => steps),
    contents: parts.flatMap(({ contents }) => contents),
    layers: parts.flatMap(({ layers }) => layers),
    mounts: parts.flatMap(({ mounts }) => mounts),
  };
}

function byName({ steps, contents, layers, mounts }: Part): ImportedCache {
  return {
    steps: firstOf(steps.map((step) => [step.key, step])),
    contents: firstOf(contents.map(({ key, digest }) => [key, digest])),
    layers: firstOf(layers.map((layer) => [layer.diffId, layer])),
    mounts: firstOf(mounts.map(({ id, diffId }) => [id, diffId])),
  };
}

function firstOf<K, V>(pairs: readonly (readonly [K, V])[]): ReadonlyMap<K, V> {
  return new Map(pairs.toReversed());
}

async function openCache(wanted: CacheSource, stack: AsyncDisposableStack, access: Access): Promise<Part> {
  let failure: unknown;
  for (const place of wanted.places) {
    try {
      const source = stack.use(await openSource(place, access));
      const atHand =
        wanted.digest === undefined || place.kind !== 'oci' ? undefined : manifestAtHand(place.path, wanted.digest);
      if (wanted.digest !== undefined && atHand === undefined) {
        throw new ImageError('NOT_FOUND', `${place.text} has no manifest ${wanted.digest}`);
      }
      const root = atHand?.descriptor ?? (await source.resolve(access.run));
      return await readCache(source, root, wanted.text, access.run);
    } catch (error) {
      if (!(error instanceof ImageError) || error.code !== 'NOT_FOUND') throw error;
      failure ??= error;
    }
  }
  throw failure;
}

/** Of an index all that its manifests know: an image of several platforms has a memory for each. */
async function readCache(source: Source, root: Descriptor, text: string, run: Run = {}): Promise<Part> {
  const parts: Part[] = [];
  for (const descriptor of await manifestsIn(source, root, run)) {
    const part = await readManifest(source, descriptor, text, run);
    if (part !== undefined) parts.push(part);
  }
  if (parts.length > 0) return concatenated(parts);
  throw new ImageError('UNSUPPORTED', `${source.reference} says nothing of the steps of a build by pare`);
}

async function manifestsIn(source: Source, root: Descriptor, run: Run): Promise<readonly Descriptor[]> {
  if (!isIndexType(root.mediaType)) return [root];
  const { manifests } = parseIndex(await readDocument(source, root, run), root);
  if (manifests.length <= MOST_MANIFESTS) return manifests.filter(({ mediaType }) => isManifestType(mediaType));
  throw new ImageError('LIMIT', `${source.reference} names ${manifests.length} manifests`);
}

async function readManifest(source: Source, root: Descriptor, text: string, run: Run): Promise<Part | undefined> {
  const manifest = parseManifest(await readDocument(source, root, run), root);
  const { config, layers } = manifest;
  const what = `config ${config.digest}`;
  const placed = (diffIds: readonly DiffId[]) =>
    layers.map((descriptor, i): ImportedLayer => {
      return { kind: 'kept', descriptor, diffId: diffIds[i] as DiffId, from: source, where: text };
    });
  if (config.mediaType === PARE_BUILD_CACHE) {
    const { diffIds, ...rest } = parseCacheDocument(await readDocument(source, config, run), what);
    if (diffIds.length === layers.length) return { ...rest, layers: placed(diffIds) };
    throw new ImageError('INVALID', `${source.reference}: ${layers.length} layers, and ${diffIds.length} DiffIDs`);
  }
  if (!isConfigType(config.mediaType)) return undefined;
  const image = parseConfig(await readDocument(source, config, run), what);
  const diffIds = image.rootfs.diff_ids;
  const inline = parseInlineCache(image, diffIds, what);
  if (inline === undefined) return undefined;
  checkLayerCount(manifest, image);
  return { ...inline, layers: placed(diffIds), mounts: [] };
}

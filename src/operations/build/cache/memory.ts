/**
 * What the store remembers of steps, and behind it what other machines remember. What a build has looked up and made is written down,
 * so that it can be sent on.
 * @module
 */
import { existsSync } from 'node:fs';
import { type DiffId, type Digest, digestOf } from '../../../base/digest.ts';
import { ImageError } from '../../../base/errors.ts';
import { decompress } from '../../../formats/compress/decompress.ts';
import type { CachedContent, CachedStep } from '../../../formats/oci/build-cache.ts';
import { layerCompression } from '../../../formats/oci/media-types.ts';
import type { BuildLayers, ContentDigests, FoundLayer, LayerMaker, Memo } from '../../../ports/build-memory.ts';
import type { LayerCache, ScannedLayer } from '../../../ports/layer-cache.ts';
import type { KeptLayer, NewLayer } from '../../../ports/new-image.ts';
import { reported } from '../../../ports/progress.ts';
import type { Run } from '../../../ports/run.ts';
import { type BuildMemo, buildCacheDir, touchMemo } from '../../../store/build-memo.ts';
import { entriesPath, layerPath } from '../../../store/cache-files.ts';
import type { RememberedDigests } from '../../../store/content-digests.ts';
import { cacheDir } from '../../../store/directory.ts';
import type { StoreSession } from '../../../store/session.ts';
import { hasBlob, readBlob } from '../../../system/layout-directory.ts';
import { touch } from '../../../system/touch.ts';
import type { ImportedCache } from './import.ts';

export interface SharedMemory {
  readonly memo: Memo;
  readonly layers: BuildLayers;
  readonly contents: ContentDigests;
  /** What the steps of this build came to, looked up or made now. */
  readonly steps: ReadonlyMap<Digest, CachedStep>;
  /** What this build has found out, or been told, of what lies in layers. */
  readonly known: ReadonlyMap<Digest, CachedContent>;
  /** Notes that what this build has looked up was used now. */
  markUsed(): void;
  /** As it is stored, here or where it is remembered; undefined where it lies uncompressed or is gone. */
  stored(diffId: DiffId): Promise<KeptLayer | undefined>;
}

export interface Memories {
  /** Of the store. */
  readonly dir: string;
  readonly memo: BuildMemo;
  readonly layers: LayerCache & LayerMaker;
  readonly contents: RememberedDigests;
  /** Of the store, opened at the first use; undefined where there is no store. */
  readonly session: () => Promise<StoreSession | undefined>;
  /** Asked for at the first thing that the store does not know; undefined: nothing is to be imported. */
  readonly imported: (() => Promise<ImportedCache>) | undefined;
}

export function sharedMemory(memories: Memories): SharedMemory {
  const { dir, memo, session, imported } = memories;
  const steps = new Map<Digest, CachedStep>();
  const known = new Map<Digest, CachedContent>();
  /** Nobody removes it while this build goes on. */
  const leased = async (diffId: DiffId) =>
    storedLayer(diffId, dir, memo) &&
    (await session())?.lease(() => {
      const value = storedLayer(diffId, dir, memo);
      return { digests: value === undefined ? [] : [value.descriptor.digest], value };
    });
  const stored = async (diffId: DiffId) => (await leased(diffId)) ?? (await imported?.())?.layers.get(diffId);
  return {
    steps,
    known,
    stored,
    markUsed: () => {
      const now = new Date();
      touchMemo(buildCacheDir(dir), steps.keys(), now);
      for (const { diffId } of steps.values()) if (diffId !== undefined) touch(entriesPath(cacheDir(dir), diffId), now);
    },
    memo: sharedMemo(memories, steps),
    layers: sharedLayers(memories, stored),
    contents: sharedContents(memories, known),
  };
}

/** What is imported is believed in this build alone: the store remembers what was done here. */
function sharedMemo({ dir, memo, imported }: Memories, steps: Map<Digest, CachedStep>): Memo {
  const isHere = (diffId: DiffId) =>
    existsSync(layerPath(cacheDir(dir), diffId)) || storedLayer(diffId, dir, memo) !== undefined;
  const look: Memo['get'] = async (key) => {
    const own = await memo.get(key);
    if (imported === undefined || (own !== undefined && (own.diffId === undefined || isHere(own.diffId)))) return own;
    return (await imported()).steps.get(key) ?? own;
  };
  return {
    get: async (key) => {
      const found = await look(key);
      if (found !== undefined) steps.set(key, { key, ...found });
      return found;
    },
    put: async (key, what) => {
      steps.set(key, { key, ...what });
      await memo.put(key, what);
    },
  };
}

function sharedLayers({ layers }: Memories, stored: SharedMemory['stored']): BuildLayers {
  /** Several stages may stand on one: it is fetched once. */
  const kept = new Map<DiffId, FoundLayer>();
  return {
    add: layers.add,
    find: async (diffId, run) => {
      const here = await layers.get(diffId, run);
      if (here !== undefined) return scanned(here);
      const layer = await stored(diffId);
      if (layer === undefined) return undefined;
      const found = kept.get(diffId) ?? elsewhere(layer, layers, run);
      kept.set(diffId, found);
      return found;
    },
  };
}

function sharedContents({ contents, imported }: Memories, known: Map<Digest, CachedContent>): ContentDigests {
  const told = async (text: string) => (await imported?.())?.contents.get(digestOf(text));
  return {
    of: contents.of,
    ofFiles: contents.ofFiles,
    derived: async (text, compute) => {
      if (!travels(text)) return contents.derived(text, compute);
      const digest = contents.known(text) ?? (await told(text)) ?? (await contents.derived(text, compute));
      const key = digestOf(text);
      known.set(key, { key, digest });
      return digest;
    },
  };
}

/** Whether it speaks of layers, and not of files of this machine. */
function travels(text: string): boolean {
  return text.startsWith('["copy",') || text.startsWith('["bind",');
}

/** The layer as it is compressed in the store already. */
export function storedLayer(diffId: DiffId, dir: string, memo: Pick<BuildMemo, 'stored'>): KeptLayer | undefined {
  const descriptor = memo.stored(diffId);
  if (descriptor === undefined || !hasBlob(dir, descriptor)) return undefined;
  return { kind: 'kept', descriptor, diffId, from: { fetch: (one) => readBlob(dir, one, `the store ${dir}`) } };
}

function scanned(layer: ScannedLayer): FoundLayer {
  const { blob, size } = layer;
  return { stored: { kind: 'tar', blob, size } satisfies NewLayer, read: async () => layer };
}

/** Its bytes come when its files are wanted, and never where it is only handed on. */
function elsewhere(kept: KeptLayer, layers: LayerCache, run: Run = {}): FoundLayer {
  let reading: Promise<ScannedLayer> | undefined;
  return { stored: kept, read: () => (reading ??= fetched(kept, layers, run)) };
}

async function fetched({ descriptor, diffId, from }: KeptLayer, layers: LayerCache, run: Run): Promise<ScannedLayer> {
  const compression = layerCompression(descriptor.mediaType);
  if (compression === undefined) {
    throw new ImageError('UNSUPPORTED', `the cached layer ${descriptor.digest} is of the type ${descriptor.mediaType}`);
  }
  const { signal } = run;
  const bytes = reported(from.fetch(descriptor, run), 'fetching a cached layer', run, descriptor.size);
  try {
    return await layers.put(diffId, decompress(bytes, compression, { signal }), run);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new ImageError(error.code, `what a step came to cannot be had: ${error.message}`, {
      cause: error,
      hint: 'build without --cache-from, or with --no-cache',
    });
  }
}

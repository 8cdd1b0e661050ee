/** The files of the cache of layers: a layer's uncompressed bytes, and beside them the entries that were found in them. @module */
import { closeSync, existsSync, openSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { algorithmOf, type Digest, encodedOf, isDigest } from '../base/digest.ts';
import { fromSystem, systemCode } from '../base/errors.ts';
import { hasSystemCalls, tryLock } from '../system/linux.ts';
import { removeDeadTempFiles } from '../system/temp-file.ts';

export const layerPath = (dir: string, diffId: Digest): string => `${dir}/${stem(diffId)}.tar`;
/** @param key the layer's DiffId, or what stands for a layer that lies in another file */
export const entriesPath = (dir: string, key: Digest): string => `${dir}/${stem(key)}.entries`;
const stem = (digest: Digest) => `${algorithmOf(digest)}-${encodedOf(digest)}`;

/** So often it is tried to mark a layer; whoever removes layers holds each for a moment. */
const ATTEMPTS = 1000;

/** Says to whoever removes layers that this one is being read; steps may stand on it by its name. */
export function markedUsed(handle: FileHandle): FileHandle {
  for (let i = 0; i < ATTEMPTS && hasSystemCalls() && !tryLock(handle.fd, 'shared'); i++);
  return handle;
}

/** Does something to a layer while nobody reads it; says whether that was so. */
function unlessUsed(path: string, work: () => void): boolean {
  try {
    const fd = openSync(path, 'r');
    try {
      const isFree = !hasSystemCalls() || tryLock(fd, 'exclusive');
      if (isFree) work();
      return isFree;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true;
    throw fromSystem(error, `cannot look at ${path}`);
  }
}

export interface CacheUse {
  readonly layers: number;
  readonly bytes: number;
}

interface CacheFile {
  readonly path: string;
  readonly digest: Digest;
  readonly isLayer: boolean;
  readonly size: number;
}

/** How much the cache holds, beside the layers to keep. A cache that was never used holds nothing. */
export function cacheUse(dir: string, keep: ReadonlySet<Digest> = new Set()): CacheUse {
  return useOf(cacheFiles(dir).filter((file) => !keep.has(file.digest)));
}

export function cachedLayers(dir: string): readonly { readonly digest: Digest; readonly size: number }[] {
  return cacheFiles(dir).filter((file) => file.isLayer);
}

/** What is kept of one layer: its bytes, its entries, or both. */
export interface CachedLayer {
  readonly digest: Digest;
  readonly paths: readonly string[];
  /** Absent where its bytes lie elsewhere. */
  readonly tar: string | undefined;
  readonly use: CacheUse;
  readonly inUse: boolean;
}

export function layersIn(dir: string): readonly CachedLayer[] {
  const found = Map.groupBy(cacheFiles(dir), ({ digest }) => digest);
  return [...found].map(([digest, files]) => {
    const tar = files.find(({ isLayer }) => isLayer)?.path;
    const inUse = tar !== undefined && !unlessUsed(tar, () => undefined);
    return { digest, paths: files.map(({ path }) => path), use: useOf(files), tar, inUse };
  });
}

/** Says whether it is gone: what somebody reads stays. */
export function removeLayer({ paths, tar }: Pick<CachedLayer, 'paths' | 'tar'>): boolean {
  const removeAll = () => paths.forEach(remove);
  if (tar !== undefined) return unlessUsed(tar, removeAll);
  removeAll();
  return true;
}

/**
 * Removes layers from the cache, at any time; those that somebody reads stay.
 * @param keep DiffIds of layers that stay; default none
 */
export function trimCache(dir: string, keep: ReadonlySet<Digest> = new Set()): CacheUse {
  const removed = layersIn(dir).filter((layer) => !keep.has(layer.digest) && removeLayer(layer));
  if (existsSync(dir)) removeDeadTempFiles(dir);
  return sumOf(removed);
}

/** @returns the bytes given back */
export function removeCached(dir: string, diffIds: ReadonlySet<Digest>): number {
  return sumOf(layersIn(dir).filter((layer) => diffIds.has(layer.digest) && removeLayer(layer))).bytes;
}

function sumOf(removed: readonly CachedLayer[]): CacheUse {
  const sum = { layers: 0, bytes: 0 };
  for (const { use } of removed) {
    sum.layers += use.layers;
    sum.bytes += use.bytes;
  }
  return sum;
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fromSystem(error, `cannot remove ${path}`);
  }
}

function useOf(files: readonly CacheFile[]): CacheUse {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  return { layers: files.filter((file) => file.isLayer).length, bytes };
}

function cacheFiles(dir: string): readonly CacheFile[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir).flatMap((name) => {
    const [, algorithm, encoded, kind] = /^(sha\d+)-([0-9a-f]+)\.(tar|entries)$/.exec(name) ?? [];
    const digest = `${algorithm}:${encoded}`;
    const path = `${dir}/${name}`;
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    return isDigest(digest) && size !== undefined ? [{ path, digest, isLayer: kind === 'tar', size }] : [];
  });
}

/** The files of the cache of layers: a layer's uncompressed bytes, and beside them the entries that were found in them. @module */
import { existsSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import { algorithmOf, type Digest, encodedOf, isDigest } from '../base/digest.ts';
import { fromSystem, systemCode } from '../base/errors.ts';
import { removeDeadTempFiles } from '../system/temp-file.ts';

export const layerPath = (dir: string, diffId: Digest): string => `${dir}/${stem(diffId)}.tar`;
/** @param key the layer's DiffId, or what stands for a layer that lies in another file */
export const entriesPath = (dir: string, key: Digest): string => `${dir}/${stem(key)}.entries`;
const stem = (digest: Digest) => `${algorithmOf(digest)}-${encodedOf(digest)}`;

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

/**
 * Removes layers from the cache, at any time: who has one open goes on reading it.
 * @param keep DiffIds of layers that stay; default none
 */
export function trimCache(dir: string, keep: ReadonlySet<Digest> = new Set()): CacheUse {
  const files = cacheFiles(dir).filter((file) => !keep.has(file.digest));
  for (const { path } of files) remove(path);
  if (existsSync(dir)) removeDeadTempFiles(dir);
  return useOf(files);
}

/** @returns the bytes given back */
export function removeCached(dir: string, diffIds: ReadonlySet<Digest>): number {
  const files = cacheFiles(dir).filter((file) => diffIds.has(file.digest));
  for (const { path } of files) remove(path);
  return useOf(files).bytes;
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

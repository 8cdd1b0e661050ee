/** Removing what the store does not need any more. @module */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { type Digest, isDigest } from '../base/digest.ts';
import { imageEntries, refName } from '../formats/oci/layout.ts';
import type { Descriptor, Index } from '../formats/oci/types.ts';
import type { Run } from '../ports/run.ts';
import { blobPath, readIndex, writeIndex } from '../system/layout-directory.ts';
import { addImage, neededBlobs, neededLayers } from '../system/layout-reach.ts';
import { removeDeadTempFiles } from '../system/temp-file.ts';
import { buildCacheDir, rememberedLayers } from './build-memo.ts';
import { type CacheUse, cacheUse, removeCached, trimCache } from './cache-files.ts';
import { cacheDir, tempDir } from './directory.ts';
import { liveLeases, type StoreSession } from './session.ts';

export interface Pruned {
  /** Images that had no name any more. */
  readonly images: readonly Digest[];
  readonly blobs: readonly Digest[];
  /** Given back by all this, in bytes; what killed processes left behind included. */
  readonly bytes: number;
  /** Cached layers that went as well. */
  readonly cache: CacheUse;
}

export interface PruneOptions {
  /** Says what would go, and removes nothing. */
  readonly dryRun?: boolean;
  /** Whether the cache goes whole, and not only the layers of images that the store does not have. */
  readonly cache?: boolean;
}

/**
 * Removes images without a name, every blob that no image, no referrer of an image and no living process needs, and cached
 * layers of images that are not in the store, unless a build remembers them.
 * @throws ImageError INVALID, DIGEST_MISMATCH where a manifest that is needed is damaged: then nothing is removed
 */
export async function pruneStore(session: StoreSession, options: PruneOptions = {}, run: Run = {}): Promise<Pruned> {
  const { dir } = session;
  return session.exclusively(async () => {
    const index = readIndex(dir);
    const leased = liveLeases(dir);
    const nameless = imageEntries(index).filter((entry) => refName(entry) === undefined && !leased.has(entry.digest));
    const images = [...new Set(nameless.map((entry) => entry.digest))];
    const kept = { ...index, manifests: index.manifests.filter((entry) => !images.includes(entry.digest)) };
    const needed = neededBlobs(dir, kept, leased);
    const blobs = allBlobs(dir).filter((digest) => !needed.has(digest));
    const bytes = sizeOf(dir, blobs);
    const layers = options.cache ? new Set<Digest>() : wantedLayers(dir, kept);
    if (options.dryRun) return { images, blobs, bytes, cache: cacheUse(cacheDir(dir), layers) };
    // Names first: the index never speaks of what is gone, wherever this is interrupted.
    if (images.length > 0) await writeIndex(dir, kept, true);
    removeBlobs(dir, blobs);
    const left = removeDeadTempFiles(tempDir(dir)) + removeDeadTempFiles(dir);
    return { images, blobs, bytes: bytes + left, cache: trimCache(cacheDir(dir), layers) };
  }, run);
}

/**
 * Removes the blobs of an image that has been taken out of the index, but for those that something else needs, and its cached
 * layers. The caller has the store to itself.
 * @param before the index that still had it
 * @returns the bytes given back
 */
export function removeBlobsOf(dir: string, before: Index, image: Descriptor): number {
  const after = readIndex(dir);
  const needed = neededBlobs(dir, after, liveLeases(dir));
  const candidates = new Set<Digest>();
  addImage(dir, before, image, candidates);
  const others = wantedLayers(dir, after);
  const own = neededLayers(dir, { ...before, manifests: [image] });
  const layers = new Set([...own].filter((diffId) => !others.has(diffId)));
  const blobs = [...candidates].filter((digest) => !needed.has(digest));
  const bytes = sizeOf(dir, blobs) + removeCached(cacheDir(dir), layers);
  removeBlobs(dir, blobs);
  return bytes;
}

/** Those of images, and those that builds remember. */
function wantedLayers(dir: string, index: Index): ReadonlySet<Digest> {
  return new Set([...neededLayers(dir, index), ...rememberedLayers(buildCacheDir(dir))]);
}

function removeBlobs(dir: string, blobs: readonly Digest[]): void {
  for (const digest of blobs) rmSync(blobPath(dir, digest), { force: true });
}

function sizeOf(dir: string, blobs: readonly Digest[]): number {
  let bytes = 0;
  for (const digest of blobs) bytes += statSync(blobPath(dir, digest), { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}

/** Every file in `blobs/` that bears a digest's name, sorted. */
export function allBlobs(dir: string): readonly Digest[] {
  const found: Digest[] = [];
  for (const algorithm of readdirSync(`${dir}/blobs`)) {
    for (const name of readdirSync(`${dir}/blobs/${algorithm}`)) {
      const digest = `${algorithm}:${name}`;
      if (isDigest(digest)) found.push(digest);
    }
  }
  return found.sort();
}

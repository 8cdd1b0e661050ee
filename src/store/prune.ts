/** Removing what the store does not need any more. @module */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { type Digest, isDigest } from '../base/digest.ts';
import { imageEntries, refName } from '../formats/oci/layout.ts';
import type { Descriptor, Index } from '../formats/oci/types.ts';
import type { Run } from '../ports/run.ts';
import { blobPath, readIndex, writeIndex } from '../system/layout-directory.ts';
import { removeDeadTempFiles } from '../system/temp-file.ts';
import { tempDir } from './directory.ts';
import { addImage, neededBlobs } from './reach.ts';
import { liveLeases, type StoreSession } from './session.ts';

export interface Pruned {
  /** Images that had no name any more. */
  readonly images: readonly Digest[];
  readonly blobs: readonly Digest[];
  /** Given back, in bytes; what killed processes left behind included. */
  readonly bytes: number;
}

/**
 * Removes images without a name, and every blob that no image, no referrer of an image and no living process needs.
 * @param options.dryRun says what would go, and removes nothing
 * @throws ImageError INVALID, DIGEST_MISMATCH where a manifest that is needed is damaged: then nothing is removed
 */
export async function pruneStore(
  session: StoreSession,
  options: { readonly dryRun?: boolean } = {},
  run: Run = {},
): Promise<Pruned> {
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
    if (options.dryRun) return { images, blobs, bytes };
    // Names first: the index never speaks of what is gone, wherever this is interrupted.
    if (images.length > 0) await writeIndex(dir, kept, true);
    removeBlobs(dir, blobs);
    return { images, blobs, bytes: bytes + removeDeadTempFiles(tempDir(dir)) + removeDeadTempFiles(dir) };
  }, run);
}

/**
 * Removes the blobs of images that have been taken out of the index, but for those that something else needs. The caller has
 * the store to itself.
 * @param before the index that still had them
 */
export function removeImages(dir: string, before: Index, images: readonly Descriptor[]): Omit<Pruned, 'images'> {
  const needed = neededBlobs(dir, readIndex(dir), liveLeases(dir));
  const candidates = new Set<Digest>();
  for (const image of images) addImage(dir, before, image, candidates);
  const blobs = [...candidates].filter((digest) => !needed.has(digest));
  const bytes = sizeOf(dir, blobs);
  removeBlobs(dir, blobs);
  return { blobs, bytes };
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

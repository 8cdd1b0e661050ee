/** What verifying the store needs beside verifying images: all of them at once, and blobs that belong to none. @module */
import { statSync } from 'node:fs';
import type { Digest } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import { imageEntries, plainDescriptor } from '../formats/oci/layout.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import type { Source } from '../ports/content-store.ts';
import { layoutReferrers } from '../ports/layout-referrers.ts';
import type { Run } from '../ports/run.ts';
import { blobPath, readBlob, readIndex } from '../system/layout-directory.ts';
import { neededBlobs } from '../system/layout-reach.ts';
import { cachedLayers } from './cache-files.ts';
import { cacheDir } from './directory.ts';
import { verifyCachedLayer } from './layer-cache.ts';
import { allBlobs } from './prune.ts';
import type { StoreSession } from './session.ts';

/** The store as one source for all its images, each leased. */
export async function openWholeStore(
  { dir, lease }: StoreSession,
  run: Run = {},
): Promise<{ readonly source: Source; readonly images: readonly Descriptor[] }> {
  const index = await lease(() => {
    const found = readIndex(dir);
    return { digests: found.manifests.map((entry) => entry.digest), value: found };
  }, run);
  const fetch: Source['fetch'] = (descriptor) => readBlob(dir, descriptor, `the store ${dir}`);
  const images = new Map(imageEntries(index).map((entry) => [entry.digest, plainDescriptor(entry)]));
  const source: Source = {
    reference: `the store ${dir}`,
    resolve: async () => {
      throw new Error('bug: the whole store is not one image');
    },
    fetch,
    referrers: layoutReferrers(() => index, fetch),
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { source, images: [...images.values()] };
}

export interface LooseBlobs {
  readonly unneeded: readonly Digest[];
  readonly blobs: number;
  readonly bytes: number;
  readonly problems: readonly { readonly digest: Digest; readonly message: string }[];
}

/** Blobs that no image needs, and cached layers, against the digests they are named by. */
export async function verifyLooseBlobs({ dir, lease }: StoreSession, run: Run = {}): Promise<LooseBlobs> {
  const unneeded = await lease(() => {
    const needed = neededBlobs(dir, readIndex(dir), []);
    const found = allBlobs(dir).filter((digest) => !needed.has(digest));
    return { digests: found, value: found };
  }, run);
  const problems: { digest: Digest; message: string }[] = [];
  let [blobs, bytes] = [0, 0];
  const checking = async (digest: Digest, size: number, check: () => Promise<void>): Promise<void> => {
    run.signal?.throwIfAborted();
    try {
      await check();
      blobs++;
      bytes += size;
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      problems.push({ digest, message: error.message });
    }
  };
  for (const digest of unneeded) {
    const { size } = statSync(blobPath(dir, digest));
    await checking(digest, size, async () => {
      for await (const _ of readBlob(dir, { digest, size }, `the store ${dir}`)) run.signal?.throwIfAborted();
    });
  }
  for (const { digest, size } of cachedLayers(cacheDir(dir))) {
    await checking(digest, size, () => verifyCachedLayer(cacheDir(dir), digest, run));
  }
  return { unneeded, blobs, bytes, problems };
}

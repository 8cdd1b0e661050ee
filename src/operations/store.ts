/** The store by references: listing, naming, removing, pruning. @module */
import { present } from '../base/assert.ts';
import type { Digest } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import { formatNamed, parseNamed, repositoryOf } from '../formats/reference/docker.ts';
import { parseReference, type StoreReference } from '../formats/reference/parse.ts';
import type { Access } from '../sources.ts';
import { buildCacheDir, rememberedLayers } from '../store/build-memo.ts';
import { cacheUse, trimCache } from '../store/cache-files.ts';
import { cacheDir, storeDirectory } from '../store/directory.ts';
import { type ListedImage, listImages, type Removed, removeImage, tagImage } from '../store/images.ts';
import { entryName } from '../store/names.ts';
import { type Pruned, type PruneOptions, pruneStore } from '../store/prune.ts';
import { openStore } from '../store/session.ts';
import { notInStore } from '../store/source.ts';
import { isLayout } from '../system/layout-directory.ts';

/** @param name a repository, or a repository and a tag. @throws ImageError USAGE for what is no name */
export function storedImages(env: Access['env'], name?: string): readonly ListedImage[] {
  const dir = storeDirectory(env);
  const listed = isLayout(dir) ? listImages(dir) : [];
  if (name === undefined) return listed;
  const named = parseNamed(name);
  const full = formatNamed({ ...named, digest: undefined });
  return listed.filter((image) => {
    if (named.digest !== undefined && named.digest !== image.digest) return false;
    return named.tag === undefined ? image.name?.startsWith(`${repositoryOf(named)}:`) : image.name === full;
  });
}

export interface Tagged {
  readonly name: string;
  readonly digest: Digest;
}

/** @throws ImageError NOT_FOUND, USAGE */
export async function tag(from: string, to: string, access: Access): Promise<Tagged> {
  const [image, name] = [storeReference(from), storeReference(to)];
  await using session = await openStore(storeDirectory(access.env), { create: false }, access.run);
  if (session === undefined) throw notInStore(storeDirectory(access.env), image);
  const digest = await tagImage(session, image, name, access.run);
  return { name: entryName(present(name.named, 'name')), digest };
}

/** Stops at the first that cannot be removed. @throws ImageError NOT_FOUND, unless forced; CONFLICT, USAGE */
export async function removeFromStore(
  references: readonly string[],
  options: { readonly force: boolean },
  access: Access,
): Promise<readonly Removed[]> {
  const dir = storeDirectory(access.env);
  const wanted = references.map(storeReference);
  await using session = await openStore(dir, { create: false }, access.run);
  const removed: Removed[] = [];
  for (const reference of wanted) {
    try {
      if (session === undefined) throw notInStore(dir, reference);
      removed.push(await removeImage(session, reference, options, access.run));
    } catch (error) {
      if (!options.force || !(error instanceof ImageError) || error.code !== 'NOT_FOUND') throw error;
    }
  }
  return removed;
}

export async function prune(options: PruneOptions, access: Access): Promise<Pruned> {
  const dir = storeDirectory(access.env);
  await using session = await openStore(dir, { create: false }, access.run);
  if (session !== undefined) return await pruneStore(session, options, access.run);
  // Images elsewhere have been looked at or built, and none was put into the store.
  const keep = options.cache === true ? new Set<Digest>() : rememberedLayers(buildCacheDir(dir));
  const look = options.dryRun ? cacheUse : trimCache;
  return { images: [], blobs: [], bytes: 0, cache: look(cacheDir(dir), keep) };
}

/** @throws ImageError USAGE for what is not in the store by its form */
function storeReference(text: string): StoreReference {
  const reference = parseReference(text);
  if (reference.kind === 'store') return reference;
  throw new ImageError('USAGE', `${text} is not in the store`, { hint: 'write the name or the digest of an image' });
}

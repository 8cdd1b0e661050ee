/** The store by references: listing, naming, removing, pruning, its cache. @module */
import { present } from '../base/assert.ts';
import type { Digest } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import { formatNamed, parseNamed, repositoryOf } from '../formats/reference/docker.ts';
import { parseReference, type StoreReference } from '../formats/reference/parse.ts';
import type { Access } from '../sources.ts';
import { cacheDir, storeDirectory } from '../store/directory.ts';
import { type ListedImage, listImages, type Removed, removeImage, tagImage } from '../store/images.ts';
import { type CacheUse, cacheUse, clearCache } from '../store/layer-cache.ts';
import { entryName } from '../store/names.ts';
import { type Pruned, pruneStore } from '../store/prune.ts';
import { openStore, type StoreSession } from '../store/session.ts';
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

export type PruneResult = Pruned & { readonly cache: CacheUse | undefined };

export async function prune(
  options: { readonly cache: boolean; readonly dryRun: boolean },
  access: Access,
): Promise<PruneResult> {
  const dir = storeDirectory(access.env);
  await using session = await openStore(dir, { create: false }, access.run);
  const pruned = await pruneIfThere(session, options, access);
  const look = options.dryRun ? cacheUse : clearCache;
  return { ...pruned, cache: options.cache ? look(cacheDir(dir)) : undefined };
}

async function pruneIfThere(
  session: StoreSession | undefined,
  options: { readonly dryRun: boolean },
  { run }: Access,
): Promise<Pruned> {
  return session === undefined ? { images: [], blobs: [], bytes: 0 } : pruneStore(session, options, run);
}

/** What the cache holds, or held before it was cleared. */
export function layerCache(
  env: Access['env'],
  options: { readonly clear: boolean },
): CacheUse & { readonly dir: string } {
  const dir = cacheDir(storeDirectory(env));
  return { dir, ...(options.clear ? clearCache(dir) : cacheUse(dir)) };
}

/** @throws ImageError USAGE for what is not in the store by its form */
function storeReference(text: string): StoreReference {
  const reference = parseReference(text);
  if (reference.kind === 'store') return reference;
  throw new ImageError('USAGE', `${text} is not in the store`, { hint: 'write the name or the digest of an image' });
}

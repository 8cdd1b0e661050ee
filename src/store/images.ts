/** What is in the store, and giving and taking names. @module */
import type { Digest } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import { parseConfig } from '../formats/oci/config.ts';
import { imageEntries, refName } from '../formats/oci/layout.ts';
import { isIndexType } from '../formats/oci/media-types.ts';
import { MANIFEST_LIMIT, parseIndex, parseManifest } from '../formats/oci/parse.ts';
import type { Descriptor, Index, Platform } from '../formats/oci/types.ts';
import type { StoreReference } from '../formats/reference/parse.ts';
import type { Run } from '../ports/run.ts';
import { readBlobNow, readIndex, writeIndex } from '../system/layout-directory.ts';
import { entryName, findEntry, namesOf, withName, withoutImage, withoutName } from './names.ts';
import { removeBlobsOf } from './prune.ts';
import type { StoreSession } from './session.ts';
import { notInStore } from './source.ts';

export interface ListedImage {
  /** In full (`docker.io/library/redis:7`); undefined where the image has lost its name. */
  readonly name: string | undefined;
  /** Of the manifest, or of the index of several. */
  readonly digest: Digest;
  readonly platforms: readonly Platform[];
  /** RFC 3339, where the config says; of several platforms the newest. */
  readonly created: string | undefined;
  /** Bytes of all blobs, as stored, each once. */
  readonly size: number;
  /** What is wrong with it, where it cannot be read. */
  readonly damage: string | undefined;
}

/** Every name, sorted; images without one come first. */
export function listImages(dir: string): readonly ListedImage[] {
  const images = imageEntries(readIndex(dir)).map((entry) => listed(dir, entry));
  return images.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : Number(keyOf(a) > keyOf(b))));
}

/** As names are shown: without the registry that is meant anyway; `a` and all its tags before `a-b`. */
function keyOf({ name }: ListedImage): string {
  return name === undefined ? '' : name.replace(/^docker\.io\/(?:library\/)?/, '').replaceAll(':', ' ');
}

function listed(dir: string, entry: Descriptor): ListedImage {
  const name = refName(entry);
  const blobs = new Map<Digest, number>();
  const facts: { platform: Platform; created: string | undefined }[] = [];
  const read = (descriptor: Descriptor): Uint8Array => {
    blobs.set(descriptor.digest, descriptor.size);
    const bytes = readBlobNow(dir, descriptor.digest, MANIFEST_LIMIT);
    if (bytes !== undefined) return bytes;
    throw new ImageError('NOT_FOUND', `the blob ${descriptor.digest} is missing`);
  };
  const look = (descriptor: Descriptor): void => {
    if (isIndexType(descriptor.mediaType)) {
      for (const child of parseIndex(read(descriptor), descriptor).manifests) look(child);
      return;
    }
    const manifest = parseManifest(read(descriptor), descriptor);
    for (const layer of manifest.layers) blobs.set(layer.digest, layer.size);
    const { architecture, os, variant, created } = parseConfig(read(manifest.config), manifest.config.digest);
    facts.push({ platform: { architecture, os, ...(variant === undefined ? {} : { variant }) }, created });
  };
  let damage: string | undefined;
  try {
    look(entry);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    damage = error.message;
  }
  const created = facts.flatMap((one) => one.created ?? []).sort();
  return {
    name,
    digest: entry.digest,
    platforms: facts.map((one) => one.platform),
    created: created.at(-1),
    size: [...blobs.values()].reduce((sum, size) => sum + size, 0),
    damage,
  };
}

/** Gives an image of the store one more name. @returns its digest. @throws ImageError NOT_FOUND, USAGE */
export async function tagImage(
  session: StoreSession,
  from: StoreReference,
  to: StoreReference,
  run?: Run,
): Promise<Digest> {
  const { named } = to;
  if (named === undefined || to.digest !== undefined) {
    throw new ImageError('USAGE', `${to.text} is no name that could be given to an image`, {
      hint: 'write NAME[:TAG]',
    });
  }
  return session.exclusively(async () => {
    const index = readIndex(session.dir);
    const entry = findEntry(index, from);
    if (entry === undefined) throw notInStore(session.dir, from);
    await writeIndex(session.dir, withName(index, entry, entryName(named)), true);
    return entry.digest;
  }, run);
}

export interface Removed {
  /** Names that mean nothing any more. */
  readonly untagged: readonly string[];
  /** The image, where it went with its last name. */
  readonly deleted: Digest | undefined;
  /** Given back, in bytes. */
  readonly bytes: number;
}

/**
 * As `docker rmi`: a name is taken away, and the image goes with its last name; by its digest an image goes with its only
 * name, or with all where `force` is set.
 * @throws ImageError NOT_FOUND; CONFLICT where a digest is given of an image with several names
 */
export async function removeImage(
  session: StoreSession,
  reference: StoreReference,
  options: { readonly force?: boolean } = {},
  run?: Run,
): Promise<Removed> {
  return session.exclusively(async () => {
    const { dir } = session;
    const index = readIndex(dir);
    const entry = findEntry(index, reference);
    if (entry === undefined) throw notInStore(dir, reference);
    const untagged = namesToRemove(index, entry, reference, options.force === true);
    const without = untagged.reduce(withoutName, index);
    const isLast = namesOf(without, entry.digest).length === 0;
    const after = isLast ? withoutImage(without, entry.digest) : without;
    await writeIndex(dir, after, true);
    if (!isLast) return { untagged, deleted: undefined, bytes: 0 };
    return { untagged, deleted: entry.digest, bytes: removeBlobsOf(dir, index, entry) };
  }, run);
}

function namesToRemove(index: Index, entry: Descriptor, reference: StoreReference, force: boolean): readonly string[] {
  const name = reference.named && reference.digest === undefined ? entryName(reference.named) : undefined;
  const names = namesOf(index, entry.digest);
  if (name !== undefined && names.includes(name)) return [name];
  if (names.length < 2 || force) return names;
  throw new ImageError('CONFLICT', `${reference.text} has ${names.length} names: ${names.join(', ')}`, {
    hint: 'remove it by name, or all of them with --force',
  });
}

/** Which blobs of a layout belong to an image: its manifests, configs, layers, and what is listed as referring to it. @module */
import { algorithmOf, type Digest, digestOf } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import { isObject, parseJson } from '../base/json.ts';
import { parseConfig } from '../formats/oci/config.ts';
import { referrersList } from '../formats/oci/layout.ts';
import { isConfigType, isIndexType, isManifestType } from '../formats/oci/media-types.ts';
import { MANIFEST_LIMIT, parseIndex, parseManifest } from '../formats/oci/parse.ts';
import type { Descriptor, Index } from '../formats/oci/types.ts';
import { readBlobNow } from './layout-directory.ts';

/**
 * What the entries of an index and the leases need, themselves included.
 * @throws ImageError INVALID, DIGEST_MISMATCH where a document is damaged, so that what it speaks of cannot be known
 */
export function neededBlobs(dir: string, index: Index, leased: Iterable<Digest>): Set<Digest> {
  const needed = new Set<Digest>();
  for (const entry of index.manifests) addImage(dir, index, entry, needed);
  for (const digest of leased) addReachable(dir, { digest, mediaType: undefined }, needed);
  return needed;
}

/** The blobs of one entry of the index and of its referrers. */
export function addImage(dir: string, index: Index, entry: Descriptor, found: Set<Digest>): void {
  addReachable(dir, entry, found);
  const list = referrersList(index, entry.digest);
  if (list !== undefined) addReachable(dir, list, found);
}

/** What the layers of all images hold, uncompressed: DiffIds. A config that cannot be read names none. */
export function neededLayers(dir: string, index: Index): ReadonlySet<Digest> {
  const blobs = new Set<Digest>();
  const diffIds = new Set<Digest>();
  for (const entry of index.manifests) addReachable(dir, entry, blobs, (config) => addDiffIds(dir, config, diffIds));
  return diffIds;
}

function addDiffIds(dir: string, config: Descriptor, found: Set<Digest>): void {
  const bytes = readBlobNow(dir, config.digest, MANIFEST_LIMIT);
  if (bytes === undefined) return;
  try {
    for (const diffId of parseConfig(bytes, config.digest).rootfs.diff_ids) found.add(diffId);
  } catch (error) {
    // Its layers are uncompressed again when they are wanted.
    if (!(error instanceof ImageError)) throw error;
  }
}

/** Of a leased blob the media type is not known. */
type Blob = Pick<Descriptor, 'digest'> & { readonly mediaType: string | undefined };

function addReachable(dir: string, root: Blob, found: Set<Digest>, onConfig?: (config: Descriptor) => void): void {
  const open = [root];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (found.has(one.digest)) continue;
    found.add(one.digest);
    if (one.mediaType !== undefined && isConfigType(one.mediaType)) onConfig?.(one as Descriptor);
    open.push(...(one.mediaType === undefined ? guessedChildren(dir, one.digest) : children(dir, one as Descriptor)));
  }
}

/** A document that is not there (a platform of an index that was not copied) speaks of nothing that could be lost. */
function children(dir: string, { digest, mediaType }: Descriptor): readonly Descriptor[] {
  if (!isManifestType(mediaType) && !isIndexType(mediaType)) return [];
  const bytes = readBlobNow(dir, digest, MANIFEST_LIMIT);
  if (bytes === undefined) return [];
  if (digestOf(bytes, algorithmOf(digest)) !== digest) {
    throw new ImageError('DIGEST_MISMATCH', `the manifest ${digest} in ${dir} is damaged`, {
      hint: 'get the image again from where it came from; for the store, "pare verify --store" says what else is wrong',
    });
  }
  if (isIndexType(mediaType)) return parseIndex(bytes, { digest, mediaType }).manifests;
  const { config, layers } = parseManifest(bytes, { digest, mediaType });
  return [config, ...layers];
}

/** Of a blob that a living process has written: what it speaks of, where it is a manifest or an index. */
function guessedChildren(dir: string, digest: Digest): readonly Descriptor[] {
  const bytes = readBlobNow(dir, digest, MANIFEST_LIMIT);
  if (bytes?.[0] !== 0x7b /* { */) return [];
  try {
    const document = parseJson(bytes, digest, MANIFEST_LIMIT);
    const mediaType = isObject(document) ? document['mediaType'] : undefined;
    return typeof mediaType === 'string' ? children(dir, { digest, mediaType, size: bytes.length }) : [];
  } catch (error) {
    // Not a manifest, or not a whole one: whoever leased it has leased its parts as well.
    if (error instanceof ImageError) return [];
    throw error;
  }
}

/**
 * The image's own manifest, which Docker since version 25 puts into its archives: they are OCI layouts as well. Where it is
 * there, it keeps its digest.
 * @module
 */
import { algorithmOf, type Digest, digestOf, encodedOf } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { plainDescriptor } from '../../formats/oci/layout.ts';
import { isIndexType, isManifestType } from '../../formats/oci/media-types.ts';
import { MANIFEST_LIMIT, parseIndex, parseIndexFile, parseManifest } from '../../formats/oci/parse.ts';
import type { Descriptor, Manifest } from '../../formats/oci/types.ts';
import { type Archive, type Member, readMember } from '../../system/archive.ts';

export interface StoredManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
}

/** Manifests that are looked at to find the one of the image. */
const MOST = 200;

/** Undefined where the archive holds no manifest of that config, or not all its layers. */
export async function findStoredManifest(archive: Archive, config: Digest): Promise<StoredManifest | undefined> {
  const file = archive.member('index.json');
  if (file === undefined || archive.member('oci-layout') === undefined) return undefined;
  const open = [...parseIndexFile(await readMember(file, MANIFEST_LIMIT, 'index.json'), 'index.json').manifests];
  for (let looked = 0, one = open.shift(); one !== undefined && looked < MOST; looked++, one = open.shift()) {
    const bytes = await readDocument(archive, one);
    if (bytes === undefined) continue;
    if (isIndexType(one.mediaType)) open.push(...parseIndex(bytes, one).manifests);
    else if (isManifestType(one.mediaType)) {
      const manifest = parseManifest(bytes, one);
      const isWhole = manifest.layers.every((layer) => blobMember(archive, layer.digest)?.size === layer.size);
      if (manifest.config.digest === config && isWhole) return { descriptor: plainDescriptor(one), bytes, manifest };
    }
  }
  return undefined;
}

export function blobMember(archive: Archive, digest: Digest): Member | undefined {
  return archive.member(`blobs/${algorithmOf(digest)}/${encodedOf(digest)}`);
}

/** Undefined where it is not there: an index speaks of all platforms, and an archive holds one. */
async function readDocument(archive: Archive, descriptor: Descriptor): Promise<Uint8Array | undefined> {
  const member = blobMember(archive, descriptor.digest);
  if (member === undefined || member.size !== descriptor.size) return undefined;
  const bytes = await readMember(member, MANIFEST_LIMIT, descriptor.digest);
  if (digestOf(bytes, algorithmOf(descriptor.digest)) === descriptor.digest) return bytes;
  throw new ImageError('DIGEST_MISMATCH', `${descriptor.digest} in ${archive.path} is damaged`, {
    hint: 'save the image again',
  });
}

/** Manifests and indexes in a repository (distribution-spec 1.1, "Pushing Manifests"). @module */
import { algorithmOf, digestOf, isDigest } from '../../../base/digest.ts';
import { ImageError } from '../../../base/errors.ts';
import { isIndexType, isManifestType } from '../../../formats/oci/media-types.ts';
import type { Descriptor } from '../../../formats/oci/types.ts';
import type { Run } from '../../../ports/run.ts';
import { manifestName } from '../manifest.ts';
import { type Place, placeName } from '../place.ts';
import { pushScope } from './repository.ts';

/** Was a kind of manifest until the image-spec 1.1 gave images an `artifactType`; its draft is still met. */
const OCI_ARTIFACT = 'application/vnd.oci.artifact.manifest.v1+json';

/** What registries keep under `manifests/` and not under `blobs/`. */
export function isDocumentType(mediaType: string): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType) || mediaType === OCI_ARTIFACT;
}

/** A document with its exact bytes. */
export interface Document {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

export async function hasDocument(place: Place, descriptor: Descriptor, run: Run): Promise<boolean> {
  const { digest, mediaType } = descriptor;
  const response = await place.client.request(
    {
      method: 'HEAD',
      target: documentPath(place, digest),
      headers: { accept: mediaType },
      scopes: [pushScope(place)],
      expect: [200, 404],
      doing: `looking for ${digest} in ${placeName(place)}`,
    },
    run,
  );
  await response.discard();
  return response.status === 200;
}

/**
 * Stores a document under its digest or names it by a tag.
 * @returns the subject that the registry has taken note of (`OCI-Subject`): where it has not, that is the client's business
 * @throws ImageError DIGEST_MISMATCH where the registry made another document of it
 */
export async function putDocument(
  place: Place,
  reference: string,
  { mediaType, bytes }: Document,
  run: Run,
): Promise<string | undefined> {
  const doing = `writing ${manifestName(place, reference)}`;
  const response = await place.client.request(
    {
      method: 'PUT',
      target: documentPath(place, reference),
      headers: { 'content-type': mediaType },
      body: bytes,
      scopes: [pushScope(place)],
      expect: [200, 201, 202],
      doing,
    },
    run,
  );
  await response.discard();
  const stored = response.headers['docker-content-digest'];
  if (stored !== undefined && isDigest(stored) && digestOf(bytes, algorithmOf(stored)) !== stored) {
    throw new ImageError('DIGEST_MISMATCH', `${doing}: the registry made another document of it: ${stored}`);
  }
  return response.headers['oci-subject'];
}

function documentPath({ repository }: Place, reference: string): string {
  return `/v2/${repository}/manifests/${reference}`;
}

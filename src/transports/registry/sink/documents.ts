/** Manifests and indexes in a repository (distribution-spec 1.1, "Pushing Manifests"). @module */
import { algorithmOf, type Digest, digestOf, isDigest } from '../../../base/digest.ts';
import { ImageError } from '../../../base/errors.ts';
import { isIndexType, isManifestType } from '../../../formats/oci/media-types.ts';
import { MANIFEST_LIMIT } from '../../../formats/oci/parse.ts';
import type { Descriptor } from '../../../formats/oci/types.ts';
import type { Run } from '../../../ports/run.ts';
import { type Destination, nameOf, pushScope } from './destination.ts';

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

export async function hasDocument(destination: Destination, descriptor: Descriptor, run: Run): Promise<boolean> {
  const { digest, mediaType } = descriptor;
  const response = await destination.client.request(
    {
      method: 'HEAD',
      target: documentPath(destination, digest),
      headers: { accept: mediaType },
      scopes: [pushScope(destination)],
      expect: [200, 404],
      doing: `looking for ${digest} in ${nameOf(destination)}`,
    },
    run,
  );
  await response.discard();
  return response.status === 200;
}

/** @returns undefined where nothing has that name */
export async function getDocument(
  destination: Destination,
  reference: string,
  accept: string,
  run: Run,
): Promise<Document | undefined> {
  const doing = `reading ${shown(destination, reference)}`;
  const response = await destination.client.request(
    {
      method: 'GET',
      target: documentPath(destination, reference),
      headers: { accept },
      scopes: [pushScope(destination)],
      expect: [200, 404],
      whole: MANIFEST_LIMIT,
      doing,
    },
    run,
  );
  if (response.status === 404) {
    await response.discard();
    return undefined;
  }
  const bytes = await response.bytes(MANIFEST_LIMIT);
  if (isDigest(reference) && digestOf(bytes, algorithmOf(reference)) !== reference) {
    throw new ImageError('DIGEST_MISMATCH', `${doing}: what the registry gives is another document`);
  }
  const mediaType = response.headers['content-type']?.split(';')[0]?.trim() ?? '';
  return { mediaType, bytes };
}

/**
 * Stores a document under its digest or names it by a tag.
 * @returns the subject that the registry has taken note of (`OCI-Subject`): where it has not, that is the client's business
 * @throws ImageError DIGEST_MISMATCH where the registry made another document of it
 */
export async function putDocument(
  destination: Destination,
  reference: string,
  { mediaType, bytes }: Document,
  run: Run,
): Promise<string | undefined> {
  const doing = `writing ${shown(destination, reference)}`;
  const response = await destination.client.request(
    {
      method: 'PUT',
      target: documentPath(destination, reference),
      headers: { 'content-type': mediaType },
      body: bytes,
      scopes: [pushScope(destination)],
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

/** For messages: `localhost:5000/app:v1`, `localhost:5000/app@sha256:…`. */
export function shown(destination: Destination, reference: Digest | string): string {
  return `${nameOf(destination)}${isDigest(reference) ? '@' : ':'}${reference}`;
}

function documentPath({ repository }: Destination, reference: string): string {
  return `/v2/${repository}/manifests/${reference}`;
}

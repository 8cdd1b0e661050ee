/** Manifests and indexes by tag and by digest (distribution-spec, "Pulling manifests"). @module */
import { algorithmOf, type Digest, digestOf, isDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { isObject, parseJson } from '../../base/json.ts';
import { DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../formats/oci/media-types.ts';
import { MANIFEST_LIMIT } from '../../formats/oci/parse.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import type { Run } from '../../ports/run.ts';
import { ask, type Place, placeName } from './place.ts';

/** Of OCI 1.1's release candidates; registries hold some still. */
const OCI_ARTIFACT = 'application/vnd.oci.artifact.manifest.v1+json';
/** The last one: what else there is, rather than "not found"; it is copied as it is. */
const ACCEPT = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_INDEX, OCI_ARTIFACT, '*/*'].join(', ');

/** What a server says of any JSON. */
const UNTOLD: ReadonlySet<string> = new Set([
  '',
  'application/json',
  'application/octet-stream',
  'binary/octet-stream',
  'text/plain',
]);

export interface StoredManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** @param version a tag or a digest. @throws ImageError NOT_FOUND, DIGEST_MISMATCH, LIMIT; UNSUPPORTED for schema 1 */
export async function getManifest(place: Place, version: string, run?: Run): Promise<StoredManifest> {
  const what = manifestName(place, version);
  const request = {
    method: 'GET',
    path: `manifests/${version}`,
    headers: { accept: ACCEPT },
    expect: [200],
    whole: MANIFEST_LIMIT,
    doing: `reading the manifest of ${what}`,
  } as const;
  const response = await ask(place, request, run);
  const bytes = await response.bytes(MANIFEST_LIMIT);
  const digest = digestOf(bytes, isDigest(version) ? algorithmOf(version) : 'sha256');
  checkDigest(bytes, digest, isDigest(version) ? version : undefined, what);
  const stated = response.headers['docker-content-digest'];
  // The registry's own word on what it has sent; for a digest that was asked for it says nothing new.
  if (stated !== undefined && isDigest(stated)) checkDigest(bytes, digestOf(bytes, algorithmOf(stated)), stated, what);
  const mediaType = mediaTypeOf(response.headers['content-type'], bytes, what);
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
}

function checkDigest(bytes: Uint8Array, digest: Digest, expected: Digest | undefined, what: string): void {
  if (expected === undefined || digest === expected) return;
  throw new ImageError(
    'DIGEST_MISMATCH',
    `${what}: the registry gives ${bytes.length} bytes with the digest ${digest}, and calls them ${expected}`,
    {
      hint: 'something on the way changed them, or the registry is damaged: try again, and tell whoever runs it',
    },
  );
}

/** The digest that a tag means, by HEAD: it counts for no rate limit. Undefined where the registry does not say. */
export async function headManifest(place: Place, tag: string, run?: Run): Promise<Digest | undefined> {
  const what = manifestName(place, tag);
  const request = { method: 'HEAD', path: `manifests/${tag}`, headers: { accept: ACCEPT } } as const;
  // Whatever goes wrong, GET says it better: HEAD has no body.
  const response = await ask(
    place,
    { ...request, expect: [200, 400, 401, 403, 404, 405], doing: `looking for ${what}` },
    run,
  );
  await response.discard();
  const digest = response.headers['docker-content-digest'];
  return response.status === 200 && digest !== undefined && isDigest(digest) ? digest : undefined;
}

export function manifestName(place: Place, version: string): string {
  return `${placeName(place)}${isDigest(version) ? '@' : ':'}${version}`;
}

/**
 * The registry's word and the document's own have to agree: whoever goes by the one would else see another image than
 * who goes by the other (CVE-2021-41190).
 */
function mediaTypeOf(contentType: string | undefined, bytes: Uint8Array, what: string): string {
  const told = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const value = parseJson(bytes, `the manifest of ${what}`, MANIFEST_LIMIT);
  const document = isObject(value) ? value : {};
  const own = typeof document['mediaType'] === 'string' ? document['mediaType'] : undefined;
  if (document['schemaVersion'] === 1 || /^application\/vnd\.docker\.distribution\.manifest\.v1\+/.test(own ?? told)) {
    throw new ImageError('UNSUPPORTED', `${what} is of Docker's schema 1, which was given up in 2019`, {
      hint: 'pull and push it again with a current docker, or convert it: skopeo copy --format oci',
    });
  }
  if (UNTOLD.has(told)) return own ?? guess(document, what);
  if (own === undefined || own.toLowerCase() === told) return own ?? told;
  throw new ImageError(
    'INVALID',
    `${what} is ambiguous: the registry says it is ${told}, and the document that it is ${own}`,
    {
      hint: 'such a document is one image to one program and another image to the next (CVE-2021-41190)',
    },
  );
}

/** Documents of OCI need not say what they are. */
function guess(document: Readonly<Record<string, unknown>>, what: string): string {
  if (Array.isArray(document['manifests'])) return OCI_INDEX;
  if (Array.isArray(document['layers'])) return OCI_MANIFEST;
  throw new ImageError('INVALID', `${what} is no manifest: neither the registry nor the document says what it is`);
}

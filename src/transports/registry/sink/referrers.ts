/**
 * Referrers in registries that keep no list of them: an index under a tag made of the subject's digest, kept by the clients
 * (distribution-spec 1.1, "Pushing Manifests with Subject" and "Referrers Tag Schema").
 * @module
 */
import { algorithmOf, type Digest, encodedOf, isDigest } from '../../../base/digest.ts';
import { ImageError } from '../../../base/errors.ts';
import { canonicalJson, isObject, type JsonObject, parseJson } from '../../../base/json.ts';
import { EMPTY_INDEX } from '../../../formats/oci/layout.ts';
import { OCI_INDEX } from '../../../formats/oci/media-types.ts';
import { MANIFEST_LIMIT, parseIndex } from '../../../formats/oci/parse.ts';
import type { Descriptor, Index } from '../../../formats/oci/types.ts';
import type { Run } from '../../../ports/run.ts';
import { getManifest, manifestName } from '../manifest.ts';
import { type Place, placeName } from '../place.ts';
import { putDocument } from './documents.ts';
import { pushScope } from './repository.ts';

/** Of clients that write the tag at once the last one wins, and nothing locks it: so what was written is looked at again. */
const ATTEMPTS = 5;

/** The tag under which the referrers are listed: of a sha512 the first 64 digits, since tags are short. */
export function referrersTag(subject: Digest): string {
  return `${algorithmOf(subject)}-${encodedOf(subject).slice(0, 64)}`;
}

/**
 * What a document refers to, and how a list of referrers describes it. Of a document of any type: who pushes it knows that it
 * is as it should be.
 */
export function referrerOf(
  { mediaType, digest, size }: Descriptor,
  bytes: Uint8Array,
): { readonly subject: Digest; readonly descriptor: Descriptor } | undefined {
  const document = parseJson(bytes, digest, MANIFEST_LIMIT);
  if (!isObject(document) || !isObject(document['subject'])) return undefined;
  const subject = document['subject']['digest'];
  if (typeof subject !== 'string' || !isDigest(subject)) return undefined;
  const { artifactType, config, annotations } = document;
  const type = artifactType ?? (isObject(config) ? config['mediaType'] : undefined);
  return {
    subject,
    descriptor: {
      mediaType,
      digest,
      size,
      ...(typeof type === 'string' ? { artifactType: type } : {}),
      ...(isObject(annotations) ? { annotations: texts(annotations) } : {}),
    },
  };
}

function texts(annotations: JsonObject): Record<string, string> {
  const all = Object.entries(annotations).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : []));
  return Object.fromEntries(all);
}

/** Whether the registry lists referrers itself. */
export async function listsReferrers(place: Place, subject: Digest, run: Run): Promise<boolean> {
  const { client, repository } = place;
  const response = await client.request(
    {
      method: 'GET',
      target: `/v2/${repository}/referrers/${subject}`,
      headers: { accept: OCI_INDEX },
      scopes: [pushScope(place)],
      expect: [200, 400, 404, 405, 501],
      doing: `asking ${placeName(place)} for what refers to ${subject}`,
    },
    run,
  );
  await response.discard();
  return response.status === 200 && response.headers['content-type']?.startsWith(OCI_INDEX) === true;
}

/** Adds to the list under the tag what is not in it. */
export async function addToList(
  place: Place,
  subject: Digest,
  referrers: readonly Descriptor[],
  run: Run,
): Promise<void> {
  await changeList(place, subject, run, (index) => {
    const known = new Set(index.manifests.map(({ digest }) => digest));
    const missing = referrers.filter(({ digest }) => !known.has(digest));
    return missing.length === 0 ? undefined : { ...index, manifests: [...index.manifests, ...missing] };
  });
}

/** Takes a manifest that is to go out of the list. */
export async function removeFromList(place: Place, subject: Digest, referrer: Digest, run: Run): Promise<void> {
  await changeList(place, subject, run, (index) => {
    const kept = index.manifests.filter(({ digest }) => digest !== referrer);
    return kept.length === index.manifests.length ? undefined : { ...index, manifests: kept };
  });
}

/** @param change the list as it is to be; undefined where it is that already */
async function changeList(
  place: Place,
  subject: Digest,
  run: Run,
  change: (index: Index) => Index | undefined,
): Promise<void> {
  const tag = referrersTag(subject);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const next = change(await readList(place, tag, run));
    if (next === undefined) return;
    const bytes = canonicalJson(next);
    if (bytes.length > MANIFEST_LIMIT) {
      throw new ImageError('LIMIT', `${manifestName(place, tag)}: too many manifests refer to ${subject}`);
    }
    await putDocument(place, tag, { mediaType: OCI_INDEX, bytes }, run);
  }
  throw new ImageError('CONFLICT', `${manifestName(place, tag)}: others write the list of referrers at the same time`, {
    hint: 'the image is there; push it once more when they are done',
  });
}

async function readList(place: Place, tag: string, run: Run): Promise<Index> {
  const stored = await unlessMissing(getManifest(place, tag, run));
  if (stored === undefined) return EMPTY_INDEX;
  const { descriptor, bytes } = stored;
  if (descriptor.mediaType === OCI_INDEX) return parseIndex(bytes, descriptor);
  const found = descriptor.mediaType;
  throw new ImageError('CONFLICT', `${manifestName(place, tag)} is no list of referrers, but ${found}`, {
    hint: 'the image is there, and what refers to it will not be found: the tag has to be removed first',
  });
}

async function unlessMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof ImageError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

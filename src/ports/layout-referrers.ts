/** Reading and adding referrers in an OCI layout. @module */
import type { Digest } from '../base/digest.ts';
import { collect } from '../base/stream.ts';
import { plainDescriptor, referrersDocument, referrersList, withReferrers } from '../formats/oci/layout.ts';
import { isManifestType } from '../formats/oci/media-types.ts';
import { MANIFEST_LIMIT, parseIndex, parseManifest } from '../formats/oci/parse.ts';
import type { Descriptor, Index } from '../formats/oci/types.ts';
import type { Source } from './content-store.ts';
import type { Run } from './run.ts';

/** Entries of the index with a subject cost reading each: more than this many are not looked through. */
const MOST_ENTRIES = 1000;

/**
 * From the list that the entry states or that the fallback tag names (distribution-spec, "Referrers Tag Schema"), and from
 * entries of the index whose manifest names the subject. Sorted by digest.
 */
export async function layoutReferrers(
  index: Index,
  subject: Digest,
  fetch: Source['fetch'],
  run?: Run,
): Promise<readonly Descriptor[]> {
  const listed = await listedReferrers(index, subject, fetch, run);
  const found = new Map(listed.map((one) => [one.digest, one]));
  for (const entry of index.manifests.slice(0, MOST_ENTRIES)) {
    if (!isManifestType(entry.mediaType) || entry.digest === subject || found.has(entry.digest)) continue;
    const bytes = await collect(fetch(entry, run), MANIFEST_LIMIT, entry.digest);
    const manifest = parseManifest(bytes, entry);
    if (manifest.subject?.digest !== subject) continue;
    const artifactType = manifest.artifactType ?? manifest.config.mediaType;
    found.set(entry.digest, { ...plainDescriptor(entry), artifactType });
  }
  return [...found.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

async function listedReferrers(
  index: Index,
  subject: Digest,
  fetch: Source['fetch'],
  run?: Run,
): Promise<readonly Descriptor[]> {
  const list = referrersList(index, subject);
  if (list === undefined) return [];
  return parseIndex(await collect(fetch(list, run), MANIFEST_LIMIT, list.digest), list).manifests;
}

/**
 * The index in which the subject's entries state the referrers that there were and the new ones.
 * @param write stores the document that lists them
 */
export async function addReferrers(
  index: Index,
  subject: Digest,
  referrers: readonly Descriptor[],
  fetch: Source['fetch'],
  write: (document: Uint8Array) => Promise<Pick<Descriptor, 'digest' | 'size'>>,
): Promise<Index> {
  if (referrers.length === 0) return index;
  const before = await listedReferrers(index, subject, fetch);
  return withReferrers(index, subject, await write(referrersDocument([...before, ...referrers])));
}

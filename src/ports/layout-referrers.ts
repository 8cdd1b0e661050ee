/** Reading and adding referrers in an OCI layout. @module */
import { type Digest, isDigest } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import { collect } from '../base/stream.ts';
import { plainDescriptor, referrersDocument, referrersList, refName, withReferrers } from '../formats/oci/layout.ts';
import { isIndexType, isManifestType } from '../formats/oci/media-types.ts';
import { MANIFEST_LIMIT, parseIndex, parseManifest } from '../formats/oci/parse.ts';
import { bySubject, joinedReferrers, listedWith, NO_REFERRERS, type Referrers } from '../formats/oci/referrers.ts';
import type { Descriptor, Index } from '../formats/oci/types.ts';
import type { Source } from './content-store.ts';
import type { Run } from './run.ts';

/** Each entry of the index costs reading a document or two: more than this many are not looked through. */
const MOST_ENTRIES = 1000;

/**
 * From the lists that entries state and that fallback tags name (distribution-spec, "Referrers Tag Schema"), and from entries
 * whose manifest names the subject. Sorted by digest. The layout is looked through at the first call.
 */
export function layoutReferrers(readIndex: () => Index, fetch: Source['fetch']): Source['referrers'] {
  let looking: Promise<Found> | undefined;
  return async (subject, run) => {
    looking ??= lookThrough(readIndex(), fetch, run);
    try {
      return (await looking).of(subject);
    } catch (error) {
      looking = undefined;
      throw error;
    }
  };
}

interface Found {
  /** @throws ImageError where what the subject's own entry states cannot be read */
  of(subject: Digest): readonly Descriptor[];
}

async function lookThrough(index: Index, fetch: Source['fetch'], run?: Run): Promise<Found> {
  const all: Referrers[] = [];
  const unreadable = new Map<Digest, ImageError>();
  for (const entry of index.manifests.slice(0, MOST_ENTRIES)) {
    try {
      all.push(await listedBy(index, entry, fetch, run));
    } catch (error) {
      // What other images of the layout state can be read all the same.
      if (!(error instanceof ImageError)) throw error;
      unreadable.set(entry.digest, error);
    }
    all.push(await statedBy(entry, fetch, run));
  }
  const found = joinedReferrers(all);
  return {
    of: (subject) => {
      const error = unreadable.get(subject);
      if (error !== undefined) throw error;
      return [...(found.get(subject) ?? [])].sort((a, b) => (a.digest < b.digest ? -1 : 1));
    },
  };
}

async function listedBy(index: Index, entry: Descriptor, fetch: Source['fetch'], run?: Run): Promise<Referrers> {
  const tagged = refName(entry)?.replace(/^(sha(?:256|512))-/, '$1:') ?? '';
  if (isDigest(tagged)) {
    return isIndexType(entry.mediaType) ? new Map([[tagged, await readList(entry, fetch, run)]]) : NO_REFERRERS;
  }
  const list = referrersList(index, entry.digest);
  return list === undefined ? NO_REFERRERS : bySubject(entry.digest, await readList(list, fetch, run));
}

/** What the manifest itself refers to. */
async function statedBy(entry: Descriptor, fetch: Source['fetch'], run?: Run): Promise<Referrers> {
  if (!isManifestType(entry.mediaType)) return NO_REFERRERS;
  try {
    const manifest = parseManifest(await collect(fetch(entry, run), MANIFEST_LIMIT, entry.digest), entry);
    if (manifest.subject === undefined) return NO_REFERRERS;
    const artifactType = manifest.artifactType ?? manifest.config.mediaType;
    return new Map([[manifest.subject.digest, [{ ...plainDescriptor(entry), artifactType }]]]);
  } catch (error) {
    // Whoever wants this very entry is told.
    if (!(error instanceof ImageError)) throw error;
    return NO_REFERRERS;
  }
}

async function readList(list: Descriptor, fetch: Source['fetch'], run?: Run): Promise<readonly Descriptor[]> {
  return parseIndex(await collect(fetch(list, run), MANIFEST_LIMIT, list.digest), list).manifests;
}

/**
 * The index in which the image's entries state the referrers that there were and the new ones.
 * @param write stores the document that lists them
 */
export async function addReferrers(
  index: Index,
  image: Digest,
  referrers: Referrers,
  fetch: Source['fetch'],
  write: (document: Uint8Array) => Promise<Pick<Descriptor, 'digest' | 'size'>>,
): Promise<Index> {
  if (referrers.size === 0) return index;
  const stated = referrersList(index, image);
  const before = stated === undefined ? [] : await readList(stated, fetch);
  return withReferrers(index, image, await write(referrersDocument([...before, ...listedWith(image, referrers)])));
}

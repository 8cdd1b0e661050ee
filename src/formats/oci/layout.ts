/**
 * The index of an OCI layout as a value (image-spec image-layout.md, "index.json"): which entry a name means, and what
 * naming, unnaming and attaching referrers make of it.
 *
 * Referrers (manifests with a `subject`) are not entries of their own, since programs that are given a layout and no name
 * take its only entry. They are listed in an index document of their own, whose digest the image's entry states in an
 * annotation, together with what refers to parts of the image; entries with a subject, and the tag `sha256-…` of the distribution-spec, are understood where others wrote them.
 * @module
 */
import { algorithmOf, type Digest, encodedOf, isDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/json.ts';
import { isIndexType, isManifestType, OCI_INDEX } from './media-types.ts';
import type { Descriptor, Index } from './types.ts';

/** image-spec annotations.md: the name of a manifest inside a layout. */
export const REF_NAME = 'org.opencontainers.image.ref.name';
/** On an entry of index.json: digest and size, with a comma, of an index that lists what refers to its image. */
const REFERRERS = 'vnd.pare.referrers';

export const EMPTY_INDEX: Index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };

export const LAYOUT_FILE = canonicalJson({ imageLayoutVersion: '1.0.0' });

export function refName(entry: Descriptor): string | undefined {
  return entry.annotations?.[REF_NAME];
}

/** The entry without what belongs to its place in the index: a descriptor as a manifest list would hold it. */
export function plainDescriptor(entry: Descriptor): Descriptor {
  const { annotations, ...rest } = entry;
  const kept = Object.entries(annotations ?? {}).filter(([key]) => key !== REF_NAME && key !== REFERRERS);
  return kept.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(kept) };
}

/** Entries that can be meant by a reference: images and indexes, no referrers kept by a tag. */
export function imageEntries(index: Index): readonly Descriptor[] {
  return index.manifests.filter(
    (entry) =>
      (isManifestType(entry.mediaType) || isIndexType(entry.mediaType)) &&
      !/^sha(?:256|512)-[0-9a-f]+$/.test(refName(entry) ?? ''),
  );
}

/**
 * The entry that is meant: by name, by place, or the only one.
 * @param where the layout, for messages
 * @throws ImageError NOT_FOUND; USAGE where no name is given and several entries are there
 */
export function chooseEntry(
  index: Index,
  pick: { readonly name: string | undefined; readonly index: number | undefined },
  where: string,
): Descriptor {
  const entries = imageEntries(index);
  if (pick.index !== undefined) {
    const found = index.manifests[pick.index];
    if (found !== undefined) return found;
    throw new ImageError('NOT_FOUND', `${where} has no image @${pick.index}: it holds ${index.manifests.length}`);
  }
  if (pick.name !== undefined) return named(entries, pick.name, where);
  const different = new Set(entries.map((entry) => entry.digest));
  if (different.size === 1) return entries[0] as Descriptor;
  if (entries.length === 0) throw new ImageError('NOT_FOUND', `${where} holds no image`);
  throw new ImageError('USAGE', `${where} holds ${entries.length} images, and none is named`, {
    hint: `add one of ${listed(entries)} behind a colon`,
  });
}

function named(entries: readonly Descriptor[], name: string, where: string): Descriptor {
  const found = entries.filter((entry) => refName(entry) === name);
  const first = found[0];
  if (first === undefined) {
    const hint = entries.length === 0 ? 'it is empty' : `it holds ${listed(entries)}`;
    throw new ImageError('NOT_FOUND', `${where} has no image named "${name}"`, { hint });
  }
  if (found.every((entry) => entry.digest === first.digest)) return first;
  throw new ImageError('INVALID', `${where} has ${found.length} different images named "${name}"`);
}

function listed(entries: readonly Descriptor[]): string {
  const names = entries.map((entry, i) => refName(entry) ?? `@${i}`);
  return `${names.slice(0, 8).join(', ')}${names.length > 8 ? ' …' : ''}`;
}

/**
 * The index with the entry under the name (or, without one, as the entry that has no name), in place of what had it. What
 * is known of the image's referrers stays.
 * Deterministic: the order is of names, entries without a name first.
 */
export function withEntry(index: Index, entry: Descriptor, name: string | undefined): Index {
  const { annotations, ...rest } = entry;
  const stated = index.manifests.find((one) => one.digest === entry.digest)?.annotations?.[REFERRERS];
  const all = {
    ...(stated === undefined ? {} : { [REFERRERS]: stated }),
    ...annotations,
    ...(name === undefined ? {} : { [REF_NAME]: name }),
  };
  const added = Object.keys(all).length === 0 ? rest : { ...rest, annotations: all };
  const others = index.manifests.filter((one) => refName(one) !== name);
  return { ...index, manifests: [...others, added].sort(byName) };
}

function byName(a: Descriptor, b: Descriptor): number {
  const left = refName(a) ?? '';
  const right = refName(b) ?? '';
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The index that lists the referrers, stated by annotation or by the tag of the distribution-spec. */
export function referrersList(index: Index, subject: Digest): Descriptor | undefined {
  const stated = index.manifests.find((entry) => entry.digest === subject)?.annotations?.[REFERRERS];
  const [digest = '', size = ''] = stated?.split(',') ?? [];
  if (isDigest(digest) && /^\d{1,7}$/.test(size)) return { mediaType: OCI_INDEX, digest, size: Number(size) };
  const tag = `${algorithmOf(subject)}-${encodedOf(subject)}`;
  return index.manifests.find((entry) => refName(entry) === tag && isIndexType(entry.mediaType));
}

/** Every entry of the manifest stating where its referrers are listed. */
export function withReferrers(index: Index, subject: Digest, list: Pick<Descriptor, 'digest' | 'size'>): Index {
  const stated = { [REFERRERS]: `${list.digest},${list.size}` };
  return {
    ...index,
    manifests: index.manifests.map((entry) =>
      entry.digest === subject ? { ...entry, annotations: { ...entry.annotations, ...stated } } : entry,
    ),
  };
}

/** The list of referrers as a document: sorted, each once. */
export function referrersDocument(referrers: readonly Descriptor[]): Uint8Array<ArrayBuffer> {
  const each = new Map(referrers.map((one) => [one.digest, one]));
  const manifests = [...each.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return canonicalJson({ ...EMPTY_INDEX, manifests });
}

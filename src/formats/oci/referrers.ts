/**
 * What refers to an image and to its parts (distribution-spec, "Listing Referrers"), by subject; and the same as one list for
 * media that keep it with the image.
 * @module
 */
import { type Digest, isDigest } from '../../base/digest.ts';
import type { Descriptor } from './types.ts';

/** Manifests by the digest that is their `subject`. */
export type Referrers = ReadonlyMap<Digest, readonly Descriptor[]>;

export const NO_REFERRERS: Referrers = new Map();

/** In a list that belongs to an image: the subject of what refers to something else than the image itself. */
const SUBJECT = 'vnd.pare.subject';

/** One list: what refers to parts of the image, or to what refers to it, says so. */
export function listedWith(image: Digest, referrers: Referrers): readonly Descriptor[] {
  return [...referrers].flatMap(([subject, all]) =>
    subject === image ? all : all.map((one) => ({ ...one, annotations: { ...one.annotations, [SUBJECT]: subject } })),
  );
}

/** {@link listedWith} backwards. */
export function bySubject(image: Digest, list: readonly Descriptor[]): Referrers {
  const found = new Map<Digest, Descriptor[]>();
  for (const one of list) {
    const stated = one.annotations?.[SUBJECT];
    const subject = stated !== undefined && isDigest(stated) ? stated : image;
    found.set(subject, [...(found.get(subject) ?? []), stated === undefined ? one : unmarked(one)]);
  }
  return found;
}

function unmarked({ annotations, ...rest }: Descriptor): Descriptor {
  const kept = Object.entries(annotations ?? {}).filter(([key]) => key !== SUBJECT);
  return kept.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(kept) };
}

/** Each once. */
export function joinedReferrers(all: readonly Referrers[]): Referrers {
  const joined = new Map<Digest, Map<Digest, Descriptor>>();
  for (const [subject, list] of all.flatMap((one) => [...one])) {
    const known = joined.get(subject) ?? new Map<Digest, Descriptor>();
    joined.set(subject, known);
    for (const one of list) if (!known.has(one.digest)) known.set(one.digest, one);
  }
  return new Map([...joined].map(([subject, known]) => [subject, [...known.values()]]));
}

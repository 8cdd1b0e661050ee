/**
 * Names of images in the store, as operations on the value of `index.json`. Every image is an entry; one that has lost its
 * last name to another image stays, without a name, until it is pruned: nothing is lost by naming.
 * @module
 */
import { type Digest, encodedOf } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import { imageEntries, REF_NAME, refName, withEntry } from '../formats/oci/layout.ts';
import type { Descriptor, Index } from '../formats/oci/types.ts';
import { formatNamed, type NamedReference } from '../formats/reference/docker.ts';
import type { StoreReference } from '../formats/reference/parse.ts';

/** `docker.io/library/redis:7`: how the entry of that name is called. */
export function entryName(named: NamedReference): string {
  return formatNamed({ ...named, digest: undefined });
}

/** The entry that a reference means: by digest, by name, by the first digits of a digest. @throws ImageError USAGE */
export function findEntry(index: Index, reference: StoreReference): Descriptor | undefined {
  const entries = imageEntries(index);
  if (reference.digest !== undefined) return entries.find((entry) => entry.digest === reference.digest);
  const name = entryName(reference.named as NamedReference);
  return entries.find((entry) => refName(entry) === name) ?? byShortDigest(entries, reference.text);
}

function byShortDigest(entries: readonly Descriptor[], text: string): Descriptor | undefined {
  if (!/^[0-9a-f]{4,63}$/.test(text)) return undefined;
  const found = new Map<Digest, Descriptor>();
  for (const entry of entries) if (encodedOf(entry.digest).startsWith(text)) found.set(entry.digest, entry);
  if (found.size > 1) {
    throw new ImageError('USAGE', `${found.size} images in the store begin with ${text}`, {
      hint: 'write more digits of the digest',
    });
  }
  return [...found.values()][0];
}

/** The name means this image from now on; the image that had it keeps an entry without a name, unless it has another. */
export function withName(index: Index, entry: Descriptor, name: string): Index {
  const before = index.manifests.find((one) => refName(one) === name);
  const named = withEntry(withoutNameless(index, entry.digest), entry, name);
  return before === undefined ? named : withNameless(named, before);
}

/** The name means nothing any more. */
export function withoutName(index: Index, name: string): Index {
  return { ...index, manifests: index.manifests.filter((entry) => refName(entry) !== name) };
}

/** No entry of the image, under whatever name. */
export function withoutImage(index: Index, digest: Digest): Index {
  return { ...index, manifests: index.manifests.filter((entry) => entry.digest !== digest) };
}

export function namesOf(index: Index, digest: Digest): readonly string[] {
  return index.manifests.flatMap((entry) => (entry.digest === digest ? (refName(entry) ?? []) : []));
}

function withNameless(index: Index, entry: Descriptor): Index {
  if (index.manifests.some((one) => one.digest === entry.digest)) return index;
  const { [REF_NAME]: _, ...annotations } = entry.annotations ?? {};
  const { annotations: __, ...rest } = entry;
  const nameless = Object.keys(annotations).length === 0 ? rest : { ...rest, annotations };
  return { ...index, manifests: [nameless, ...index.manifests] };
}

function withoutNameless(index: Index, digest: Digest): Index {
  const keeps = (entry: Descriptor) => entry.digest !== digest || refName(entry) !== undefined;
  return { ...index, manifests: index.manifests.filter(keeps) };
}

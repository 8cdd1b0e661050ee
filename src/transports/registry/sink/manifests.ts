/** The manifests and indexes that one sink writes: pushed by digest, named in the end, and found by what they refer to. @module */
import type { Digest } from '../../../base/digest.ts';
import { collect } from '../../../base/stream.ts';
import { MANIFEST_LIMIT } from '../../../formats/oci/parse.ts';
import type { Referrers } from '../../../formats/oci/referrers.ts';
import type { Descriptor } from '../../../formats/oci/types.ts';
import type { Run } from '../../../ports/run.ts';
import { getManifest } from '../manifest.ts';
import type { Place } from '../place.ts';
import { putDocument } from './documents.ts';
import { addToList, listsReferrers, referrerOf } from './referrers.ts';

/** Bytes of documents that are held until one is named; it is fetched again if it is not among them. */
const MOST_HELD = 4 * MANIFEST_LIMIT;

export class Manifests {
  readonly #place: Place;
  readonly #held = new Map<Digest, Uint8Array>();
  #heldBytes = 0;
  /** Referrers that the registry has taken note of itself. */
  readonly #listed = new Set<Digest>();
  /** By subject: referrers that are found only if the client lists them. */
  readonly #unlisted = new Map<Digest, Descriptor[]>();

  constructor(place: Place) {
    this.#place = place;
  }

  /** @param bytes verified; always sent, since only so the registry says whether it keeps a list of referrers */
  async push(descriptor: Descriptor, bytes: AsyncIterable<Uint8Array>, run: Run): Promise<void> {
    const { mediaType, digest } = descriptor;
    const document = { mediaType, bytes: await collect(bytes, MANIFEST_LIMIT, digest) };
    const noted = await putDocument(this.#place, digest, document, run);
    const referrer = referrerOf(descriptor, document.bytes);
    if (referrer !== undefined) this.#note(referrer.subject, referrer.descriptor, noted === referrer.subject);
    this.#heldBytes += document.bytes.length;
    if (this.#heldBytes <= MOST_HELD) this.#held.set(digest, document.bytes);
  }

  /** @param name a tag, or the digest itself */
  async name(root: Descriptor, name: string, run: Run): Promise<void> {
    const { digest, mediaType } = root;
    const bytes = this.#held.get(digest) ?? (await getManifest(this.#place, digest, run)).bytes;
    await putDocument(this.#place, name, { mediaType, bytes }, run);
  }

  /** Makes all that was pushed be found by its subject, and what is known to refer to something besides. */
  async listReferrers(referrers: Referrers, run: Run): Promise<void> {
    for (const [subject, all] of referrers) {
      const known = new Set(this.#unlisted.get(subject)?.map(({ digest }) => digest));
      const unknown = all.filter(({ digest }) => !this.#listed.has(digest) && !known.has(digest));
      if (unknown.length === 0 || (await listsReferrers(this.#place, subject, run))) continue;
      for (const one of unknown) this.#note(subject, one, false);
    }
    for (const [subject, all] of this.#unlisted) await addToList(this.#place, subject, all, run);
  }

  #note(subject: Digest, descriptor: Descriptor, isListed: boolean): void {
    if (isListed) this.#listed.add(descriptor.digest);
    else this.#unlisted.set(subject, [...(this.#unlisted.get(subject) ?? []), descriptor]);
  }
}

/** One copy under way: manifests and indexes with all that they speak of, each blob once. @module */
import { mapBounded } from '../../base/concurrency.ts';
import type { Digest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { pieces } from '../../base/stream.ts';
import { isForeignLayer, isIndexType, isManifestType } from '../../formats/oci/media-types.ts';
import { parseIndex, parseManifest } from '../../formats/oci/parse.ts';
import type { Referrers } from '../../formats/oci/referrers.ts';
import type { Descriptor, Index, Manifest } from '../../formats/oci/types.ts';
import type { Sink, Source } from '../../ports/content-store.ts';
import type { Run } from '../../ports/run.ts';
import { transfer } from '../../ports/transfer.ts';
import { readDocument } from '../../ports/verified.ts';
import { ATTESTED, type Change, isArtifact, isAttestation, isWanted, NO_CHANGE } from './change.ts';
import { convertManifest } from './convert.ts';
import { entryFor, indexOf } from './index-document.ts';

/** Blobs under way at once. */
const CONCURRENCY = 4;
/** Of indexes in indexes, and of what refers to what refers to an image. */
export const MAX_DEPTH = 4;
const MOST_REFERRERS = 10_000;

export class Copier {
  readonly #source: Source;
  readonly #sink: Sink;
  readonly #run: Run;
  /** Blobs on their way: a layer that occurs twice is sent once. */
  readonly #underWay = new Map<Digest, Promise<void>>();
  /** Manifests and indexes that stayed as they are, and those that became others or that the sink has no place for. */
  readonly #kept = new Map<Digest, Descriptor>();
  readonly #changed = new Map<Digest, Descriptor>();

  constructor(source: Source, sink: Sink, run: Run) {
    this.#source = source;
    this.#sink = sink;
    this.#run = run;
  }

  /**
   * A manifest or an index with all that it speaks of.
   * @returns what it became; undefined for an index that has none of the platforms that are wanted
   */
  async document(one: Descriptor, change: Change, depth = 0): Promise<Descriptor | undefined> {
    const copied = await this.#document(one, change, depth);
    if (copied === undefined) return undefined;
    const isKept = copied.digest === one.digest && this.#sink.withoutReferrers === undefined;
    (isKept ? this.#kept : this.#changed).set(one.digest, one);
    return copied;
  }

  /**
   * What refers to the documents that stayed, and in turn to that, with all that it speaks of.
   * @throws ImageError LIMIT where that is more than anybody attaches
   */
  async referrers(): Promise<Referrers> {
    const found = new Map<Digest, readonly Descriptor[]>();
    let count = 0;
    let asked = 0;
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const documents = [...this.#kept.values()].slice(asked);
      asked += documents.length;
      for (const [subject, all] of await referrersOf(this.#source, documents, this.#run)) {
        found.set(subject, all);
        count += all.length;
        if (count > MOST_REFERRERS) throw tooMany(this.#source);
        for (const one of all) if (!this.#kept.has(one.digest)) await this.document(one, NO_CHANGE);
      }
    }
    return found;
  }

  /** How many documents refer to what stays behind. */
  async countLost(): Promise<number> {
    const lost = await referrersOf(this.#source, [...this.#changed.values()], this.#run);
    return [...lost.values()].reduce((sum, all) => sum + all.length, 0);
  }

  async #document(one: Descriptor, change: Change, depth: number): Promise<Descriptor | undefined> {
    if (depth > MAX_DEPTH) throw new ImageError('INVALID', `${this.#source.reference}: indexes are nested too deep`);
    const bytes = await readDocument(this.#source, one, this.#run);
    if (isIndexType(one.mediaType)) {
      const index = parseIndex(bytes, one);
      const made = indexOf(one, index, await this.#entries(index, change, depth), change);
      if (made.kind === 'empty') return undefined;
      if (made.kind === 'new') {
        for (const text of made.lost) this.#run.report?.({ type: 'warning', text });
        await this.#sink.push(made.descriptor, pieces(made.bytes), this.#run);
        return made.descriptor;
      }
    } else if (isManifestType(one.mediaType)) {
      const manifest = parseManifest(bytes, one);
      if (isConverted(manifest, change, depth)) return this.#convert(one, manifest, change);
      await this.#blobs([...manifest.layers, manifest.config]);
    }
    await this.#sink.push(one, pieces(bytes), this.#run);
    return one;
  }

  #convert(one: Descriptor, manifest: Manifest, change: Change): Promise<Descriptor> {
    const [source, sink, run] = [this.#source, this.#sink, this.#run];
    return convertManifest(manifest, one, change, { source, sink, run, send: (blobs) => this.#blobs(blobs) });
  }

  /** The entries of the index that is to be, in the order of the one that is; attestations say of which image they are. */
  async #entries(index: Index, change: Change, depth: number): Promise<readonly Descriptor[]> {
    const became = new Map<Descriptor, Descriptor>();
    const images = new Map<Digest, Descriptor>();
    for (const entry of index.manifests) {
      if (isAttestation(entry) || !(isIndexType(entry.mediaType) || isWanted(entry, change))) continue;
      const copied = await this.#child(entry, change, depth);
      if (copied === undefined) continue;
      became.set(entry, entryFor(entry, copied));
      images.set(entry.digest, copied);
    }
    for (const entry of index.manifests.filter(isAttestation)) {
      const attested = await this.#attestation(entry, images, change, depth);
      if (attested !== undefined) became.set(entry, attested);
    }
    return index.manifests.flatMap((entry) => became.get(entry) ?? []);
  }

  async #child(child: Descriptor, change: Change, depth: number): Promise<Descriptor | undefined> {
    if (isIndexType(child.mediaType) || isManifestType(child.mediaType)) return this.document(child, change, depth + 1);
    await this.#blobs([child]);
    return child;
  }

  /** Its bytes stay; where its image has another digest, the entry gives that, and what it states is of the old one. */
  async #attestation(
    entry: Descriptor,
    images: ReadonlyMap<Digest, Descriptor>,
    change: Change,
    depth: number,
  ): Promise<Descriptor | undefined> {
    const of = entry.annotations?.[ATTESTED];
    const image = images.get(of as Digest);
    if (image === undefined && change.platforms !== undefined) return undefined;
    if (change.format === 'docker') {
      this.#warn(`Docker's format has no attestations: the one of ${of} stays behind`);
      return undefined;
    }
    await this.#child(entry, NO_CHANGE, depth);
    if (image === undefined || image.digest === of) return entry;
    this.#warn(`the attestation of ${of} goes with an image that is ${image.digest} now, and states the old digest`);
    return { ...entry, annotations: { ...entry.annotations, [ATTESTED]: image.digest } };
  }

  #warn(text: string): void {
    this.#run.report?.({ type: 'warning', text });
  }

  /** Those that are to be had elsewhere are not fetched for a medium that keeps their descriptors. */
  async #blobs(blobs: readonly Descriptor[]): Promise<void> {
    const needed = this.#sink.layerCompression === undefined ? blobs.filter((blob) => !isForeignLayer(blob)) : blobs;
    await mapBounded(needed, this.#sink.sequential ? 1 : CONCURRENCY, (blob) => {
      const sent = this.#underWay.get(blob.digest) ?? transfer(this.#source, this.#sink, blob, this.#run);
      this.#underWay.set(blob.digest, sent);
      return sent;
    });
  }
}

/** What refers to each document; those to which nothing does are left out. */
export async function referrersOf(source: Source, documents: readonly Descriptor[], run: Run): Promise<Referrers> {
  const lists = await mapBounded(documents, CONCURRENCY, ({ digest }) => source.referrers(digest, run));
  const each = documents.map(({ digest }, i) => [digest, lists[i] ?? []] as const);
  return new Map(each.filter(([, all]) => all.length > 0));
}

function tooMany({ reference }: Source): ImageError {
  return new ImageError('LIMIT', `${reference}: more than ${MOST_REFERRERS} documents refer to the image`, {
    hint: 'leave them behind with --no-referrers',
  });
}

/** What is no image has no other form, and stays as it is in an index; asked for by itself it is an error. */
function isConverted(manifest: Manifest, { form, format }: Change, depth: number): boolean {
  if (form === undefined && format === undefined) return false;
  return depth === 0 || format === 'docker' || !isArtifact(manifest);
}

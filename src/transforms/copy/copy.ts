/**
 * The one movement of images: from any source to any sink, children before parents, every byte verified on the way, and
 * none changed unless it is asked for.
 * @module
 */

import { mapBounded } from '../../base/concurrency.ts';
import type { Digest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { pieces } from '../../base/stream.ts';
import type { LayerForm } from '../../formats/layer/form.ts';
import { isIndexType, isManifestType } from '../../formats/oci/media-types.ts';
import { parseIndex, parseManifest } from '../../formats/oci/parse.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import type { Sink, Source } from '../../ports/content-store.ts';
import type { Run } from '../../ports/run.ts';
import { transfer } from '../../ports/transfer.ts';
import { readDocument } from '../../ports/verified.ts';
import { convertManifest } from './convert.ts';

export interface CopyOptions {
  /** What to copy; default all that the source's reference names. */
  readonly root?: Descriptor;
  /** How layers are to be compressed; default as they are, but gzip where the source has no manifest of its own. */
  readonly compression?: LayerForm;
  /** Whether what refers to the image (its evidence) goes with it; default true. */
  readonly referrers?: boolean;
}

/** Blobs under way at once. */
const CONCURRENCY = 4;
const MAX_DEPTH = 4;

/**
 * @returns what the sink's reference names now: the source's descriptor, unless layers were compressed otherwise
 * @throws ImageError what the source and the sink say; nothing is named then
 */
export async function copyImage(
  source: Source,
  sink: Sink,
  options: CopyOptions = {},
  run: Run = {},
): Promise<Descriptor> {
  const root = options.root ?? (await source.resolve(run));
  const compression = wantedCompression(source, sink, options);
  const copier = new Copier(source, sink, run);
  const copied = await copier.document(root, compression, 0);
  const referrers = options.referrers === false ? [] : await copyReferrers(copier, source, sink, root, copied, run);
  await sink.commit(copied, { referrers }, run);
  return copied;
}

/** Copies without naming: for what is to be part of an index. What refers to it stays behind. */
export function copyDocument(source: Source, sink: Sink, root: Descriptor, run: Run = {}): Promise<Descriptor> {
  return new Copier(source, sink, run).document(root, wantedCompression(source, sink, {}), 0);
}

function wantedCompression(source: Source, sink: Sink, options: CopyOptions): LayerForm | undefined {
  if (sink.layerCompression !== undefined) return undefined;
  return options.compression ?? (source.synthesized ? 'gzip' : undefined);
}

class Copier {
  readonly #source: Source;
  readonly #sink: Sink;
  readonly #run: Run;
  /** Blobs on their way: a layer that occurs twice is sent once. */
  readonly #underWay = new Map<Digest, Promise<void>>();

  constructor(source: Source, sink: Sink, run: Run) {
    this.#source = source;
    this.#sink = sink;
    this.#run = run;
  }

  /** A manifest or an index with all that it speaks of. */
  async document(one: Descriptor, compression: LayerForm | undefined, depth: number): Promise<Descriptor> {
    if (depth > MAX_DEPTH) throw new ImageError('INVALID', `${this.#source.reference}: indexes are nested too deep`);
    const bytes = await readDocument(this.#source, one, this.#run);
    if (isIndexType(one.mediaType)) {
      if (compression !== undefined) throw severalPlatforms(this.#source);
      for (const child of parseIndex(bytes, one).manifests) await this.#child(child, depth);
    } else if (isManifestType(one.mediaType)) {
      const manifest = parseManifest(bytes, one);
      if (compression !== undefined) {
        return convertManifest(manifest, one, compression, this.#source, this.#sink, this.#run);
      }
      await this.#blobs([...manifest.layers, manifest.config]);
    }
    await this.#sink.push(one, pieces(bytes), this.#run);
    return one;
  }

  async #child(child: Descriptor, depth: number): Promise<void> {
    if (isIndexType(child.mediaType) || isManifestType(child.mediaType))
      await this.document(child, undefined, depth + 1);
    else await this.#blobs([child]);
  }

  async #blobs(blobs: readonly Descriptor[]): Promise<void> {
    await mapBounded(blobs, this.#sink.sequential ? 1 : CONCURRENCY, (blob) => {
      const sent = this.#underWay.get(blob.digest) ?? transfer(this.#source, this.#sink, blob, this.#run);
      this.#underWay.set(blob.digest, sent);
      return sent;
    });
  }
}

async function copyReferrers(
  copier: Copier,
  source: Source,
  sink: Sink,
  root: Descriptor,
  copied: Descriptor,
  run: Run,
): Promise<readonly Descriptor[]> {
  const referrers = await source.referrers(root.digest, run);
  if (referrers.length === 0) return [];
  if (sink.withoutReferrers || copied.digest !== root.digest) {
    const why = sink.withoutReferrers ? 'cannot hold' : 'has another digest now, and loses';
    const text = `${sink.reference} ${why} what refers to the image: ${referrers.length} (evidence, signatures …)`;
    run.report?.({ type: 'warning', text });
    return [];
  }
  for (const referrer of referrers) await copier.document(referrer, undefined, 0);
  return referrers;
}

function severalPlatforms(source: Source): ImageError {
  return new ImageError(
    'UNSUPPORTED',
    `${source.reference} is an index of several platforms, whose layers stay as they are`,
    {
      hint: 'choose one with --platform, or leave --compression out',
    },
  );
}

/**
 * The one movement of images: from any source to any sink, children before parents, every byte verified on the way, and
 * none changed unless it is asked for.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import type { LayerForm } from '../../formats/layer/form.ts';
import type { ImageFormat } from '../../formats/oci/image-format.ts';
import { NO_REFERRERS, type Referrers } from '../../formats/oci/referrers.ts';
import type { Descriptor, Platform } from '../../formats/oci/types.ts';
import type { Sink, Source } from '../../ports/content-store.ts';
import type { Run } from '../../ports/run.ts';
import { type Change, NO_CHANGE } from './change.ts';
import { Copier, referrersOf } from './copier.ts';
import { wantedDocuments, whatChanges } from './what-changes.ts';

export interface CopyOptions {
  /** What to copy; default all that the source's reference names. */
  readonly root?: Descriptor;
  /** How layers are to be compressed; default as they are, but gzip where the source has no manifest of its own. */
  readonly compression?: LayerForm;
  /** Whose documents are to be written; default as they are, the OCI's where they have to be made anew. */
  readonly format?: ImageFormat;
  /** Of an index: those of these platforms only, in an index of them, with their attestations. */
  readonly platforms?: readonly Platform[];
  /** Whether a digest that would become another is an error; then nothing is written. */
  readonly preserveDigests?: boolean;
  /** Whether what refers to the image (its evidence) goes with it: must, or must not. Default: where it can. */
  readonly referrers?: boolean;
}

/**
 * @returns what the sink's reference names now: the source's descriptor, unless something else was asked for
 * @throws ImageError CONFLICT where digests are to be preserved and would not be; what the source and the sink say; nothing
 *   is named then
 */
export async function copyImage(
  source: Source,
  sink: Sink,
  options: CopyOptions = {},
  run: Run = {},
): Promise<Descriptor> {
  const root = options.root ?? (await source.resolve(run));
  const change = wantedChange(source, sink, options);
  if (options.preserveDigests === true) refuseChange(source, await whyAnother(source, sink, root, change, run));
  if (options.referrers === true) await refuseLoss(source, sink, root, change, run);
  const copier = new Copier(source, sink, run);
  const copied = await copier.document(root, change);
  if (copied === undefined) {
    throw new ImageError('NOT_FOUND', `${source.reference} has no image of the platforms that are wanted`);
  }
  const referrers = options.referrers === false ? NO_REFERRERS : await copier.referrers();
  const lost = options.referrers === false ? 0 : await copier.countLost();
  if (lost > 0) run.report?.({ type: 'warning', text: lossOf(sink, lost) });
  await sink.commit(copied, { referrers }, run);
  return copied;
}

export interface CopiedDocument {
  readonly descriptor: Descriptor;
  /** What refers to it and to its parts, pushed as well. */
  readonly referrers: Referrers;
}

/** Copies without naming: for what is to be part of an index. */
export async function copyDocument(
  source: Source,
  sink: Sink,
  root: Descriptor,
  run: Run = {},
): Promise<CopiedDocument> {
  const copier = new Copier(source, sink, run);
  const descriptor = (await copier.document(root, wantedChange(source, sink, {}))) ?? root;
  return { descriptor, referrers: await copier.referrers() };
}

/** A medium that keeps no manifests has no forms of them. */
function wantedChange(source: Source, sink: Sink, options: CopyOptions): Change {
  if (sink.layerCompression !== undefined) return NO_CHANGE;
  const { compression, format, platforms } = options;
  return { form: compression ?? (source.synthesized ? 'gzip' : undefined), format, platforms };
}

/** Why the image will have another digest; undefined where it keeps it. No layer is read for it. */
async function whyAnother(
  source: Source,
  sink: Sink,
  root: Descriptor,
  change: Change,
  run: Run,
): Promise<string | undefined> {
  if (sink.layerCompression !== undefined) return `${sink.reference} keeps no manifest`;
  return whatChanges(source, root, change, run);
}

function refuseChange(source: Source, why: string | undefined): void {
  if (why === undefined) return;
  throw new ImageError('CONFLICT', `${source.reference} cannot keep its digest: ${why}`, {
    hint: 'leave out --preserve-digests, or what asks for the change',
  });
}

/** Before anything is written. @throws ImageError UNSUPPORTED where something refers to what will be something else */
async function refuseLoss(source: Source, sink: Sink, root: Descriptor, change: Change, run: Run): Promise<void> {
  let lost = 0;
  for (const [one, all] of await documentsWithReferrers(source, root, change, run)) {
    if ((await whyAnother(source, sink, one, change, run)) !== undefined) lost += all.length;
  }
  if (lost === 0) return;
  throw new ImageError('UNSUPPORTED', lossOf(sink, lost), {
    hint: 'leave out --referrers to copy the image without them',
  });
}

/** Those of the documents that are wanted to which something refers. */
async function documentsWithReferrers(
  source: Source,
  root: Descriptor,
  change: Change,
  run: Run,
): Promise<readonly (readonly [Descriptor, readonly Descriptor[]])[]> {
  const documents = await wantedDocuments(source, root, change, run);
  const referrers = await referrersOf(source, documents, run);
  return documents.flatMap((one) => {
    const all = referrers.get(one.digest);
    return all === undefined ? [] : [[one, all] as const];
  });
}

function lossOf(sink: Sink, count: number): string {
  const why = sink.withoutReferrers ? 'cannot hold' : 'gets another digest, and loses';
  return `${sink.reference} ${why} what refers to the image: ${count} (evidence, signatures …)`;
}

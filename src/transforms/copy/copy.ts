/**
 * The one movement of images: from any source to any sink, children before parents, every byte verified on the way, and
 * none changed unless it is asked for.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import type { LayerForm } from '../../formats/layer/form.ts';
import type { ImageFormat } from '../../formats/oci/image-format.ts';
import type { Descriptor, Platform } from '../../formats/oci/types.ts';
import type { Sink, Source } from '../../ports/content-store.ts';
import type { Run } from '../../ports/run.ts';
import { type Change, NO_CHANGE } from './change.ts';
import { Copier } from './copier.ts';
import { whatChanges } from './what-changes.ts';

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
  const why = async () => whyAnother(source, sink, root, change, run);
  if (options.preserveDigests === true) refuseChange(source, await why());
  const referrers = options.referrers === false ? [] : await source.referrers(root.digest, run);
  const mustKeep = options.referrers === true && referrers.length > 0;
  if (mustKeep && (sink.withoutReferrers || (await why()) !== undefined)) throw lostReferrers(sink, referrers);
  const copier = new Copier(source, sink, run);
  const copied = await copier.document(root, change);
  if (copied === undefined) {
    throw new ImageError('NOT_FOUND', `${source.reference} has no image of the platforms that are wanted`);
  }
  const isLost = sink.withoutReferrers === true || copied.digest !== root.digest;
  if (isLost && referrers.length > 0) run.report?.({ type: 'warning', text: lossOf(sink, referrers) });
  const kept = isLost ? [] : referrers;
  for (const referrer of kept) await copier.document(referrer, NO_CHANGE);
  await sink.commit(copied, { referrers: kept }, run);
  return copied;
}

/** Copies without naming: for what is to be part of an index. What refers to it stays behind. */
export async function copyDocument(source: Source, sink: Sink, root: Descriptor, run: Run = {}): Promise<Descriptor> {
  const copied = await new Copier(source, sink, run).document(root, wantedChange(source, sink, {}));
  return copied ?? root;
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

function lossOf(sink: Sink, referrers: readonly Descriptor[]): string {
  const why = sink.withoutReferrers ? 'cannot hold' : 'gets another digest, and loses';
  return `${sink.reference} ${why} what refers to the image: ${referrers.length} (evidence, signatures …)`;
}

function lostReferrers(sink: Sink, referrers: readonly Descriptor[]): ImageError {
  return new ImageError('UNSUPPORTED', lossOf(sink, referrers), {
    hint: 'leave out --referrers to copy the image without them',
  });
}

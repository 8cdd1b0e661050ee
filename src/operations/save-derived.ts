/** Writing images that were made of others: one, or an index of several. @module */
import { present } from '../base/assert.ts';
import { ImageError } from '../base/errors.ts';
import { canonicalJson } from '../base/json.ts';
import type { LayerForm } from '../formats/layer/form.ts';
import { OCI_INDEX } from '../formats/oci/media-types.ts';
import { joinedReferrers } from '../formats/oci/referrers.ts';
import type { Descriptor, Index, Platform } from '../formats/oci/types.ts';
import { isRootReference, parseReference } from '../formats/reference/parse.ts';
import type { Image } from '../model/image.ts';
import { choosePlatform, formatPlatform, samePlatform } from '../model/platform.ts';
import type { Sink, Source } from '../ports/content-store.ts';
import type { DerivedImage } from '../ports/new-image.ts';
import { pushDocument } from '../ports/push-document.ts';
import type { Run } from '../ports/run.ts';
import { openSink, type SinkOptions, saveRoot } from '../sinks.ts';
import type { Access } from '../sources.ts';
import { machinePlatform } from '../system/machine.ts';
import { type CopiedDocument, copyDocument, copyImage } from '../transforms/copy/copy.ts';
import type { Attachment } from '../transforms/save/image.ts';
import { saveImage, writeWithAttachments } from '../transforms/save/save.ts';
import type { Written } from './pack.ts';

/** One image, and what it became; undefined: nothing else. */
export interface Candidate {
  /** Absent for one that is stored nowhere. */
  readonly descriptor: Descriptor | undefined;
  readonly image: Image;
  readonly made: DerivedImage | undefined;
  /** What goes with it. */
  readonly attachments: readonly Attachment[];
}

export interface SaveRequest {
  /** Absent for what is stored nowhere. */
  readonly source: Source | undefined;
  /** What the source's reference names; absent for what is stored nowhere. */
  readonly root: Descriptor | undefined;
  /** Present where the result is an index again. */
  readonly index: Index | undefined;
  /** At least one. */
  readonly images: readonly Candidate[];
  /** What is in the index besides, and stays as it is. */
  readonly artifacts: readonly Descriptor[];
  /** Of layers that are made; default gzip. */
  readonly compression?: LayerForm | undefined;
  /** Whether nobody looks at layers, which all stay. */
  readonly unread?: boolean;
  /** Before it resolves, nothing that is made of the images is shown: see `loadAhead`. */
  readonly verified?: Promise<unknown>;
}

/** @throws ImageError */
export async function saveDerived(
  request: SaveRequest,
  reference: string,
  naming: SinkOptions | undefined,
  access: Access,
): Promise<Written> {
  const parsed = parseReference(reference);
  if (isRootReference(parsed)) {
    if (request.unread === true) {
      throw new ImageError('USAGE', `${reference} holds a root filesystem, and it is the config that changes`, {
        hint: 'write an image: NAME, oci:DIR …',
      });
    }
    const one = oneOf(request, reference);
    await request.verified;
    const tree = (one.made ?? one.image).tree;
    return { reference, ...(await saveRoot(tree, parsed, access)), ...chosen(one, request) };
  }
  await using opened = await openSink(parsed, access, naming);
  const sink = committingWhen(request.verified, opened);
  try {
    return await saveInto(sink, request, reference, access);
  } catch (error) {
    await request.verified; // that what it was made of is damaged is more to the point
    throw error;
  }
}

/** The same, where nothing is named before the promise resolves. */
function committingWhen(ready: Promise<unknown> | undefined, sink: Sink): Sink {
  return {
    ...sink,
    commit: async (...committed) => {
      await ready;
      await sink.commit(...committed);
    },
  };
}

async function saveInto(sink: Sink, request: SaveRequest, reference: string, access: Access): Promise<Written> {
  const single = request.index === undefined || sink.layerCompression !== undefined;
  if (!single) {
    const { digest, size } = await saveIndex(request, request.index as Index, sink, access.run);
    return { reference, digest, compressed: size };
  }
  const one = oneOf(request, reference);
  const { digest, size } = await saveOne(one, request, sink, access.run);
  return { reference, digest, compressed: size, ...chosen(one, request) };
}

/** Which one it is, where there are several. */
function chosen(one: Candidate, { images }: SaveRequest): Pick<Written, 'platform'> {
  return images.length === 1 ? {} : { platform: platformOf(one) };
}

function platformOf({ image, made }: Candidate): Platform {
  return made?.platform ?? image.config;
}

/** The only one, or this machine's where the medium holds one only. */
function oneOf({ images, source }: SaveRequest, reference: string): Candidate {
  const found = images.length === 1 ? images[0] : choosePlatform(images, platformOf, machinePlatform());
  if (found !== undefined) return found;
  const names = images.map((one) => formatPlatform(platformOf(one))).join(', ');
  const what = source?.reference ?? 'it';
  throw new ImageError('USAGE', `${reference} holds one platform, and ${what} has none for this machine`, {
    hint: `it has ${names}: choose one with --platform`,
  });
}

interface Saved {
  readonly digest: Descriptor['digest'];
  /** Of the layers as they are stored. */
  readonly size: number;
}

async function saveOne(one: Candidate, request: SaveRequest, sink: Sink, run: Run = {}): Promise<Saved> {
  const { compression } = request;
  const { image, made } = one;
  const stored = storedOf(request, one);
  if (made === undefined) {
    const { source, descriptor: root } = present(stored, 'stored image');
    const { digest } = await copyImage(source, sink, { root }, run);
    return { digest, size: layersSize(image.source?.manifest.layers) };
  }
  const { attachments } = one;
  if (sink.withoutReferrers === true && attachments.length > 0) {
    const text = `${sink.reference} cannot hold what says why its files are there: the evidence stays behind`;
    run.report?.({ type: 'warning', text });
  }
  const options = { attachments, ...(compression === undefined ? {} : { compression }) };
  const { descriptor: saved, manifest } = await saveImage(made, sink, options, run);
  return { digest: saved.digest, size: layersSize(manifest.layers) };
}

function layersSize(layers: readonly Descriptor[] = []): number {
  return layers.reduce((sum, { size }) => sum + size, 0);
}

interface Stored {
  readonly source: Source;
  readonly descriptor: Descriptor;
}

function storedOf({ source }: SaveRequest, { descriptor }: Candidate): Stored | undefined {
  return source === undefined || descriptor === undefined ? undefined : { source, descriptor };
}

async function saveIndex(request: SaveRequest, before: Index, sink: Sink, run: Run = {}): Promise<Saved> {
  if (request.images.every(({ made }) => made === undefined)) return saveAsItIs(request, sink, run);
  const parts: Part[] = [];
  for (const one of request.images) parts.push(await savePart(one, request, sink, run));
  for (const one of request.artifacts) {
    parts.push({ ...(await copyDocument(present(request.source, 'source'), sink, one, run)), size: 0 });
  }
  const { annotations } = before;
  const index: Index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: parts.map(({ descriptor }) => descriptor),
    ...(annotations === undefined ? {} : { annotations }),
  };
  const root = await pushDocument(sink, OCI_INDEX, canonicalJson(index), run);
  await sink.commit(root, { referrers: joinedReferrers(parts.map(({ referrers }) => referrers)) }, run);
  return { digest: root.digest, size: parts.reduce((sum, { size }) => sum + size, 0) };
}

async function saveAsItIs({ source, root, images }: SaveRequest, sink: Sink, run: Run): Promise<Saved> {
  const { digest } = await copyImage(present(source, 'source'), sink, { root: present(root, 'root') }, run);
  return { digest, size: images.reduce((sum, { image }) => sum + layersSize(image.source?.manifest.layers), 0) };
}

/** An entry of the index. */
interface Part extends CopiedDocument {
  /** Of the layers as they are stored. */
  readonly size: number;
}

async function savePart(one: Candidate, request: SaveRequest, sink: Sink, run: Run): Promise<Part> {
  const { image, made, attachments } = one;
  const { source, descriptor } = present(storedOf(request, one), 'stored image');
  if (made === undefined) {
    const size = layersSize(image.source?.manifest.layers);
    return { ...(await copyDocument(source, sink, descriptor, run)), size };
  }
  const { compression } = request;
  const options = { attachments, ...(compression === undefined ? {} : { compression }) };
  const { saved, referrers } = await writeWithAttachments(made, sink, options, run);
  return { descriptor: inPlaceOf(descriptor, saved.descriptor), referrers, size: layersSize(saved.manifest.layers) };
}

/** The entry of an index goes on saying what it said. */
function inPlaceOf(old: Descriptor, saved: Descriptor): Descriptor {
  const same = old.platform !== undefined && saved.platform !== undefined && samePlatform(old.platform, saved.platform);
  return {
    ...saved,
    ...(same && old.platform !== undefined ? { platform: old.platform } : {}),
    ...(old.annotations === undefined ? {} : { annotations: old.annotations }),
  };
}

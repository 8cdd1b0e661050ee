/**
 * Images made of other images: opens what a reference names, on one platform or on all of an index, has each image edited, and
 * writes what comes of it. What squash, rebase, append and mutate have in common.
 * @module
 */
import { ImageError } from '../base/errors.ts';
import { isIndexType } from '../formats/oci/media-types.ts';
import { parseIndex } from '../formats/oci/parse.ts';
import type { Descriptor, Platform } from '../formats/oci/types.ts';
import type { Image } from '../model/image.ts';
import { countFiles, type Tree, unpackedSize } from '../model/tree.ts';
import type { Source } from '../ports/content-store.ts';
import type { DerivedImage, NewLayer, StoredImage } from '../ports/new-image.ts';
import { readDocument } from '../ports/verified.ts';
import type { SinkOptions } from '../sinks.ts';
import { type Access, openSource } from '../sources.ts';
import { cacheDir, storeDirectory } from '../store/directory.ts';
import { openLayerCache } from '../store/layer-cache.ts';
import { machinePlatform } from '../system/machine.ts';
import { loadAhead } from '../transforms/load/load.ts';
import { imagesOf, resolvePlatform } from '../transforms/load/platform.ts';
import { type GoingWith, goingWith, warnOfLeft } from './going-with.ts';
import type { Written } from './pack.ts';
import { type Candidate, type SaveRequest, saveDerived } from './save-derived.ts';
import { loadUnread } from './unread.ts';

/** How large an image is; of one whose layers were not looked at, as far as that is known. */
export interface Size {
  /** Bytes of the regular files, a hard-linked one once. */
  readonly unpacked?: number;
  /** Everything but directories. */
  readonly files?: number;
  readonly layers: number;
}

/** One image and what it became. */
export interface Edited {
  readonly platform: Platform;
  readonly before: Size & { readonly compressed: number };
  readonly after: Size;
}

export interface Deriving extends AsyncDisposable {
  /** One, or one for each image of an index, in its order. */
  readonly images: readonly Edited[];
  save(reference: string, naming?: SinkOptions): Promise<Written>;
}

const STAYS: GoingWith = { attachments: [], left: 0 };

/** Undefined: the image is already what it would become, and stays byte for byte. */
export type Edit = (stored: StoredImage) => DerivedImage | undefined | Promise<DerivedImage | undefined>;

/** The same for all images of an index. */
export interface DeriveOptions extends Pick<SaveRequest, 'compression' | 'unread'> {
  /** Present where the files stay the same: what is known of them holds of the new image, too. */
  readonly keepsFiles?: true;
}

/**
 * Nothing is written before {@link Deriving.save}. What is read stays open until this is disposed of.
 * @throws ImageError
 */
export async function openDeriving(
  reference: string,
  edit: Edit,
  options: DeriveOptions,
  access: Access,
): Promise<Deriving> {
  await using stack = new AsyncDisposableStack();
  const source = stack.use(await openSource(reference, access));
  const cache = stack.use(openLayerCache(cacheDir(storeDirectory(access.env))));
  const { root, index, images: descriptors, artifacts, attestations } = await imagesToEdit(source, access);
  const images: (Candidate & GoingWith)[] = [];
  const verdicts: Promise<unknown>[] = [];
  // A medium without manifests gives away its layers only when they are read.
  const unread = options.unread === true && !source.synthesized;
  for (const descriptor of descriptors) {
    const { image, verified } = unread
      ? { image: await loadUnread(source, descriptor, access.run), verified: undefined }
      : await loadAhead(source, descriptor, cache, access.run);
    if (verified !== undefined) verdicts.push(verified);
    const made = await edit({ image, layers: storedLayers(image, source) });
    const keepsFiles = options.keepsFiles === true;
    const going = made === undefined ? STAYS : await goingWith(source, descriptor, keepsFiles, access.run);
    images.push({ descriptor, image, made, ...going });
  }
  let left = images.reduce((sum, image) => sum + image.left, 0);
  if (index !== undefined && images.some(({ made }) => made !== undefined)) {
    left += attestations + (await source.referrers(root.digest, access.run)).length;
  }
  warnOfLeft(source, left, access.run);
  const verified = Promise.all(verdicts);
  verified.catch(() => undefined); // for whoever saves
  const open = stack.move();
  return {
    ...deriving({ source, root, index, images, artifacts, verified, ...options, unread }, access),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** The same of an image that is stored nowhere. */
export async function openMade(image: Image, edit: Edit, options: DeriveOptions, access: Access): Promise<Deriving> {
  const made = await edit({ image, layers: [] });
  const images = [{ descriptor: undefined, image, made, attachments: [] }];
  const request = { source: undefined, root: undefined, index: undefined, images, artifacts: [], ...options };
  return { ...deriving(request, access), [Symbol.asyncDispose]: async () => undefined };
}

function deriving(request: SaveRequest, access: Access): Omit<Deriving, typeof Symbol.asyncDispose> {
  return {
    images: request.images.map(({ image, made }) => ({
      platform: made?.platform ?? image.config,
      ...sizes(image, made, request.unread === true),
    })),
    save: (to, naming) => saveDerived(request, to, naming, access),
  };
}

interface ToEdit extends Pick<SaveRequest, 'index' | 'artifacts'> {
  readonly root: Descriptor;
  readonly images: readonly Descriptor[];
  /** How many are in the index. */
  readonly attestations: number;
}

/** Several images are an index again; one that was chosen from an index is not. */
async function imagesToEdit(source: Source, { platform, run }: Access): Promise<ToEdit> {
  const root = await source.resolve(run);
  if (!isIndexType(root.mediaType) || platform !== undefined) {
    const choice = { wanted: platform, machine: machinePlatform() };
    const images = [await resolvePlatform(source, root, choice, run)];
    return { root, index: undefined, artifacts: [], images, attestations: 0 };
  }
  const index = parseIndex(await readDocument(source, root, run), root);
  const all = await imagesOf(source, root, run);
  const artifacts = all.filter(({ artifactType }) => artifactType !== undefined);
  const images = all.filter(({ artifactType }) => artifactType === undefined);
  if (images.length === 0) throw new ImageError('NOT_FOUND', `${source.reference} is an index without an image`);
  const others = index.manifests.filter(({ annotations }) => annotations?.['vnd.docker.reference.type'] !== undefined);
  return { root, index, images, artifacts, attestations: others.length };
}

/** Layers as they are stored; of a medium without manifests, their tars. */
export function storedLayers(image: Pick<Image, 'layers'>, source: Source): readonly NewLayer[] {
  return image.layers.map(({ descriptor, diffId, blob, size }): NewLayer => {
    if (source.synthesized || descriptor === undefined) return { kind: 'tar', blob, size };
    return { kind: 'kept', descriptor, diffId, from: source };
  });
}

function sizes(image: Image, made: DerivedImage | undefined, unread: boolean): Pick<Edited, 'before' | 'after'> {
  const compressed = image.source?.manifest.layers.reduce((sum, { size }) => sum + size, 0) ?? 0;
  const before = unread ? { layers: image.layers.length } : sizeOf(image.tree, image.layers.length);
  const isSame = made === undefined || made.tree === image.tree;
  const layers = (made ?? image).layers.length;
  return { before: { ...before, compressed }, after: isSame ? { ...before, layers } : sizeOf(made.tree, layers) };
}

function sizeOf(tree: Tree, layers: number): Size {
  return { unpacked: unpackedSize(tree), files: countFiles(tree), layers };
}

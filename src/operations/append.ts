/** Adding layers, from references to references. @module */

import { statSync } from 'node:fs';
import { fromSystem, ImageError } from '../base/errors.ts';
import { basename } from '../base/path.ts';
import { timestamp } from '../base/time.ts';
import type { LayerForm } from '../formats/layer/form.ts';
import { layerType } from '../formats/oci/media-types.ts';
import { parseReference } from '../formats/reference/parse.ts';
import type { Image } from '../model/image.ts';
import type { LayerEntry } from '../model/layer/entry.ts';
import { readLayer } from '../model/layer/read.ts';
import { EMPTY_TREE } from '../model/tree.ts';
import type { NewLayer } from '../ports/new-image.ts';
import { verified } from '../ports/verified.ts';
import { type Access, openRoot } from '../sources.ts';
import { type LayerFile, openLayerFile } from '../system/layer-file.ts';
import { machinePlatform } from '../system/machine.ts';
import { type Addition, append } from '../transforms/append/append.ts';
import { type Deriving, type Edit, openDeriving, openMade } from './derive.ts';

export interface AppendRequest {
  /** Tars, compressed or not; directories; `tar:FILE`, `rootfs:DIR`. The lowest first. */
  readonly layers: readonly string[];
  /** Of layers that are not compressed yet. */
  readonly compression?: LayerForm | undefined;
  /** Seconds since the epoch. */
  readonly time?: number | undefined;
}

/** @param reference an image, or `scratch`. @throws ImageError */
export async function openAppending(reference: string, request: AppendRequest, access: Access): Promise<Deriving> {
  await using stack = new AsyncDisposableStack();
  const additions: Addition[] = [];
  for (const layer of request.layers) additions.push(await openAddition(layer, access, stack));
  const time = request.time === undefined ? undefined : timestamp(request.time);
  const edit: Edit = (stored) => append(stored, additions, { time });
  const { compression } = request;
  const deriving =
    reference === 'scratch'
      ? await openMade(emptyImage(access), edit, { compression }, access)
      : await openDeriving(reference, edit, { compression }, access);
  const open = stack.move();
  open.use(deriving);
  return { ...deriving, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** An image of no layer that says no more than its platform. */
function emptyImage({ platform = machinePlatform() }: Access): Image {
  const { os, architecture, variant } = platform;
  const rootfs = { type: 'layers', diff_ids: [] } as const;
  const config = { os, architecture, ...(variant === undefined ? {} : { variant }), rootfs };
  return { config, layers: [], tree: EMPTY_TREE, source: undefined };
}

async function openAddition(text: string, access: Access, stack: AsyncDisposableStack): Promise<Addition> {
  const { kind, path } = placeOf(text);
  if (kind === 'rootfs') {
    const root = stack.use(await openRoot(`rootfs:${path}`, access));
    return { kind: 'root', name: 'rootfs:', tree: await root.tree() };
  }
  const file = stack.use(await openLayerFile(path, access.run));
  const warn = (text: string) => access.run?.report?.({ type: 'warning', text: `${path}: ${text}` });
  const entries = await entriesOf(file, path, warn);
  return { kind: 'tar', name: basename(path), layer: layerOf(file, path), entries };
}

async function entriesOf({ tar }: LayerFile, path: string, warn: (text: string) => void): Promise<LayerEntry[]> {
  try {
    return await Array.fromAsync(readLayer(tar.blob, tar.size, warn));
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new ImageError(error.code, `cannot read the layer ${path}: ${error.message}`, {
      cause: error,
      hint: error.hint ?? FORMS,
    });
  }
}

const FORMS = 'a layer is a tar, compressed or not, or a directory';

function placeOf(text: string): { readonly kind: 'rootfs' | 'tar'; readonly path: string } {
  if (/^(?:rootfs|tar):/.test(text)) {
    const { kind, path } = parseReference(text) as { kind: 'rootfs' | 'tar'; path: string };
    return { kind, path };
  }
  if (text === '-') return { kind: 'tar', path: text };
  try {
    return { kind: statSync(text).isDirectory() ? 'rootfs' : 'tar', path: text };
  } catch (error) {
    throw fromSystem(error, `cannot open the layer ${text}`, FORMS);
  }
}

function layerOf({ tar, packed }: LayerFile, path: string): NewLayer {
  if (packed === undefined) return { kind: 'tar', ...tar };
  const { blob, digest, size, diffId, compression } = packed;
  const descriptor = { mediaType: layerType(compression), digest, size };
  return { kind: 'kept', descriptor, diffId, from: { fetch: () => verified(descriptor, blob.stream(0, size), path) } };
}

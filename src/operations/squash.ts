/** Squashing from a reference to references. @module */

import { ImageError } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import type { LayerForm } from '../formats/layer/form.ts';
import type { ImageConfig, Platform } from '../formats/oci/types.ts';
import type { Image } from '../model/image.ts';
import { assertBase } from '../model/stack.ts';
import type { StoredImage } from '../ports/new-image.ts';
import { type Access, openSource } from '../sources.ts';
import { machinePlatform } from '../system/machine.ts';
import { loadDocuments } from '../transforms/load/load.ts';
import { resolvePlatform } from '../transforms/load/platform.ts';
import { keptBelow } from '../transforms/squash/from.ts';
import { isSettled } from '../transforms/squash/settled.ts';
import { squash } from '../transforms/squash/squash.ts';
import { type Deriving, openDeriving } from './derive.ts';

export interface SquashRequest {
  /** Which layers stay: see `keptBelow`. */
  readonly from?: string | undefined;
  /** Its layers stay: an image. */
  readonly keepBase?: string | undefined;
  readonly compression?: LayerForm | undefined;
  /** Seconds since the epoch; default the image's own times. */
  readonly time?: number | undefined;
}

/** All layers become one, or all above those that stay. @throws ImageError */
export async function openSquashing(reference: string, request: SquashRequest, access: Access): Promise<Deriving> {
  const { from, keepBase, compression } = request;
  if (from !== undefined && keepBase !== undefined) {
    throw new ImageError('USAGE', '--from and --keep-base both say which layers stay: give one of them');
  }
  const time = request.time === undefined ? undefined : timestamp(request.time);
  const kept = async ({ layers, config }: Image) => {
    if (keepBase !== undefined) return baseLayers(config, keepBase, access);
    return from === undefined ? 0 : keptBelow(layers, from);
  };
  const edit = async (stored: StoredImage) => {
    const count = await kept(stored.image);
    return (await isSettled(stored.image, count)) ? undefined : squash(stored, { kept: count, time });
  };
  return openDeriving(reference, edit, { compression, keepsFiles: true }, access);
}

/** How many layers of the image are the base's. @throws ImageError CONFLICT where it is no base */
async function baseLayers(config: ImageConfig, base: string, access: Access): Promise<number> {
  const { rootfs } = await configOf(base, config, access);
  assertBase(config.rootfs.diff_ids, rootfs.diff_ids, base);
  return rootfs.diff_ids.length;
}

/** Of the image for that platform, without looking at its layers. */
export async function configOf(reference: string, wanted: Platform, access: Access): Promise<ImageConfig> {
  await using source = await openSource(reference, access);
  const root = await source.resolve(access.run);
  const descriptor = await resolvePlatform(source, root, { wanted, machine: machinePlatform() }, access.run);
  return (await loadDocuments(source, descriptor, access.run)).config;
}

/** The same upper layers on another base. @module */

import { ImageError } from '../../base/errors.ts';
import { later } from '../../base/time.ts';
import type { History, ImageConfig } from '../../formats/oci/types.ts';
import { formatPlatform, samePlatform } from '../../model/platform.ts';
import { assertBase, historyFor, makesLayer, treeOfLowest } from '../../model/stack.ts';
import { type DerivedImage, type StoredImage, saying } from '../../ports/new-image.ts';
import { rebasedConfig, rebasedFields } from './config.ts';
import { fitted, type UpperLayer } from './misfits.ts';

export interface RebaseRequest {
  readonly upper: StoredImage;
  /** Of the base that the image was made on; its layers need not be looked at. */
  readonly old: { readonly reference: string; readonly config: ImageConfig };
  readonly base: StoredImage;
  /** What the archives of the image's layers above the old base list. */
  readonly entries: readonly UpperLayer['entries'][];
  /** RFC 3339; default the later of the image's and the new base's. */
  readonly time?: string | undefined;
}

export interface Rebased {
  readonly image: DerivedImage;
  readonly warnings: readonly string[];
}

/** @throws ImageError CONFLICT where the old base is none, the platforms differ, or a layer cannot be unpacked there */
export function rebase({ upper, old, base, entries, time }: RebaseRequest): Rebased {
  const { config } = upper.image;
  const count = old.config.rootfs.diff_ids.length;
  assertBase(config.rootfs.diff_ids, old.config.rootfs.diff_ids, old.reference);
  assertPlatform(config, base.image.config);
  const own = upper.image.layers.slice(count).map((layer, i) => ({ layer, entries: entries[i] ?? [] }));
  const { tree, warnings } = fitted(own, treeOfLowest(upper.image, count), base.image.tree);
  const created = time ?? later(config.created, base.image.config.created);
  const said = saying(upper.image, {
    ...configOn(base.image.config, config, old.config),
    history: [...historyFor(base.image), ...historyAbove(historyFor(upper.image), old.config, count)],
  });
  const layers = [...base.layers, ...upper.layers.slice(count)];
  return { image: { ...said, ...(created === undefined ? {} : { created }), layers, tree }, warnings };
}

/** The platform is the base's, whose programs run; it may state it more exactly. */
function configOn(base: ImageConfig, image: ImageConfig, old: ImageConfig): ImageConfig {
  const { architecture, os, variant, rootfs } = base;
  return {
    ...(rebasedFields(image, old, base) as unknown as ImageConfig),
    ...(image.author === undefined ? {} : { author: image.author }),
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    rootfs,
    config: rebasedConfig(image.config ?? {}, old.config ?? {}, base.config ?? {}),
  };
}

function assertPlatform(image: ImageConfig, base: ImageConfig): void {
  if (samePlatform(image, base)) return;
  throw new ImageError(
    'CONFLICT',
    `the image is for ${formatPlatform(image)}, and the new base for ${formatPlatform(base)}`,
  );
}

/** Without the old base's own: as many entries as it has, where they account for its layers; else all up to its last layer. */
function historyAbove(told: readonly History[], old: ImageConfig, count: number): readonly History[] {
  const own = old.history?.length ?? 0;
  if (told.slice(0, own).filter(makesLayer).length === count) return told.slice(own);
  let left = count;
  const first = told.findIndex((entry) => left === 0 || (makesLayer(entry) && left-- === 0));
  return first < 0 ? [] : told.slice(first);
}

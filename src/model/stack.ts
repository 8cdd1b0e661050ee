/** Layers on each other: what lies below one, and whether one image is the lower part of another. @module */
import { type DiffId, shortDigest } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import type { History } from '../formats/oci/types.ts';
import { apply } from './apply.ts';
import type { Image } from './image.ts';
import { EMPTY_TREE, type Tree } from './tree.ts';

/** The tree of the lowest `count` layers. */
export function treeOfLowest({ layers, tree }: Pick<Image, 'layers' | 'tree'>, count: number): Tree {
  if (count === layers.length) return tree;
  return layers.slice(0, count).reduce((below, { changes }) => apply(below, changes), EMPTY_TREE);
}

/**
 * That the base's layers are the image's lowest, by DiffID, base layer first.
 * @param what how the base is called, for the message
 * @throws ImageError CONFLICT, which names the first layer that differs
 */
export function assertBase(image: readonly DiffId[], base: readonly DiffId[], what: string): void {
  const at = base.findIndex((diffId, i) => image[i] !== diffId);
  const wanted = base[at];
  if (wanted === undefined) return;
  const found = image[at];
  const instead = found === undefined ? `ends after ${at}` : `has ${shortDigest(found)} there`;
  throw new ImageError(
    'CONFLICT',
    `${what} is not the base: its layer ${at + 1} has the DiffID ${shortDigest(wanted)}, and the image ${instead}`,
    { hint: 'a tag moves on: name the base by the digest that the image was built on' },
  );
}

/** The config's history, or one without words where it does not account for the layers, as some tools leave it. */
export function historyFor({ config, layers }: Pick<Image, 'config' | 'layers'>): readonly History[] {
  const told = config.history ?? [];
  return told.filter(makesLayer).length === layers.length ? told : layers.map(() => ({}));
}

export function makesLayer({ empty_layer: empty }: History): boolean {
  return empty !== true;
}

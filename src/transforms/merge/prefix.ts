/** The layers that several images have in common, lowest first. @module */
import { apply } from '../../model/apply.ts';
import type { Image, Layer } from '../../model/image.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';

export interface Prefix {
  /** The first image's occurrences of them. */
  readonly layers: readonly Layer[];
  /** What they make. */
  readonly tree: Tree;
}

/** @param images undefined for a root filesystem, which has no layers */
export function sharedPrefix(images: readonly (Image | undefined)[]): Prefix {
  const [first, ...others] = images;
  const layers = first?.layers ?? [];
  let count = 0;
  while (count < layers.length && others.every((image) => image?.layers[count]?.diffId === layers[count]?.diffId))
    count++;
  if (first !== undefined && count === layers.length) return { layers, tree: first.tree };
  const shared = layers.slice(0, count);
  return { layers: shared, tree: shared.reduce((tree, { changes }) => apply(tree, changes), EMPTY_TREE) };
}

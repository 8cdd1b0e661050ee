/** Several layers as one, without unpacking: what the layers say is composed, and their bytes are used where they lie. @module */
import { compose } from '../../model/compose.ts';
import type { Image } from '../../model/image.ts';
import { historyFor, treeOfLowest } from '../../model/stack.ts';
import { type DerivedImage, type MadeLayer, type StoredImage, saying } from '../../ports/new-image.ts';
import { squashedHistory } from './history.ts';
import { pruned } from './prune.ts';

export interface SquashOptions {
  /** How many of the lowest layers stay as they are: see `keptBelow`. */
  readonly kept: number;
  /** RFC 3339; default the image's own times. */
  readonly time?: string | undefined;
}

/** The same tree and config, with all layers above the kept ones as one. Of the whole image that layer has no whiteouts. */
export function squash({ image, layers }: StoredImage, { kept, time }: SquashOptions): DerivedImage {
  const { config, tree } = image;
  return {
    ...saying(image, { ...config, history: squashedHistory(historyFor(image), kept, time) }),
    ...(time === undefined ? {} : { created: time }),
    layers: [...layers.slice(0, kept), joined(image, kept)],
    tree,
  };
}

/** What all layers together come to is the image's tree, by the second law of docs/laws.md. */
function joined(image: Image, kept: number): MadeLayer {
  if (kept === 0) return { kind: 'made', content: image.tree };
  const below = treeOfLowest(image, kept);
  const upper = image.layers.slice(kept).map(({ changes }) => changes);
  return { kind: 'made', content: pruned(upper.reduce(compose), below), below };
}

/** `build --squash`: what the build added becomes one layer above the base's. @module */
import type { BuiltImage } from '../../builders/dockerfile/image.ts';
import type { State } from '../../builders/dockerfile/state.ts';
import { apply } from '../../model/apply.ts';
import { compose } from '../../model/compose.ts';
import { makesLayer } from '../../model/stack.ts';
import { EMPTY_TREE } from '../../model/tree.ts';
import { squashedHistory } from '../../transforms/squash/history.ts';
import { pruned } from '../../transforms/squash/prune.ts';

export async function squashed(image: BuiltImage, state: State): Promise<BuiltImage> {
  const { before } = state;
  const { tree, layers } = await state.root();
  const kept = before.filter(makesLayer).length;
  const upper = layers.slice(kept).map(({ changes }) => changes);
  if (upper.length < 2) return image;
  const below = layers.slice(0, kept).reduce((lower, { changes }) => apply(lower, changes), EMPTY_TREE);
  const content = kept === 0 ? tree : pruned(upper.reduce(compose), below);
  const layer = kept === 0 ? ({ kind: 'made', content } as const) : ({ kind: 'made', content, below } as const);
  return {
    ...image,
    layers: [...image.layers.slice(0, kept), layer],
    history: squashedHistory(image.history ?? [], kept, undefined),
  };
}

/** Roots of more layers than an overlay can be mounted on: the lowest become one. @module */
import { digestOf } from '../../base/digest.ts';
import { compose } from '../../model/compose.ts';
import type { StepRoot } from '../../ports/build-steps.ts';

/**
 * mount(2) takes a page of 4096 bytes with the names of all layers, each of them some 20 bytes; and overlayfs 500 layers.
 */
const MOST = 150;
/** So many at once become part of the one, so that it is the same for the next steps. */
const BLOCK = 100;

/** The same root, of at most {@link MOST} layers and one. */
export function withFewLayers(root: StepRoot): StepRoot {
  const { layers } = root;
  const count = Math.ceil(Math.max(0, layers.length - MOST) / BLOCK) * BLOCK;
  const [first, ...others] = layers.slice(0, count);
  if (first === undefined) return root;
  const changes = others.reduce((lower, upper) => compose(lower, upper.changes), first.changes);
  const key = digestOf(JSON.stringify(layers.slice(0, count).map((layer) => layer.key)));
  return { ...root, layers: [{ key, changes }, ...layers.slice(count)] };
}

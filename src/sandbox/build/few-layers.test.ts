import { expect, test } from 'vitest';
import { treeOf } from '../../../test/trees.ts';
import { apply } from '../../model/apply.ts';
import { diff } from '../../model/diff.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import type { StepLayer, StepRoot } from '../../ports/build-steps.ts';
import { withFewLayers } from './few-layers.ts';

/** Each layer adds a file, and every third one takes away that of the layer below. */
function rootOf(count: number): StepRoot {
  const layers: StepLayer[] = [];
  let tree = EMPTY_TREE;
  for (let i = 0; i < count; i++) {
    const names = [...Array(i + 1).keys()].filter((n) => n % 3 !== 1 || n === i);
    const next = treeOf(names.map((n) => `/f${n} ${n}`).join('\n'));
    layers.push({ key: `k${i}`, changes: diff(tree, next) });
    tree = next;
  }
  return { tree, layers };
}

const whole = ({ layers }: StepRoot): Tree => layers.reduce((tree, { changes }) => apply(tree, changes), EMPTY_TREE);

test.each([0, 1, 150])('%i layers stay as they are', (count) => {
  const root = rootOf(count);
  expect(withFewLayers(root)).toBe(root);
});

test.each([
  [151, 52],
  [250, 151],
  [300, 101],
])('%i layers become %i, and give the same tree', (count, few) => {
  const root = rootOf(count);
  const fewer = withFewLayers(root);
  expect(fewer.layers).toHaveLength(few);
  expect(diff(whole(fewer), root.tree)).toEqual(diff(root.tree, root.tree));
});

test('the lowest are one layer of one name for the next steps', () => {
  const [first, second] = [rootOf(260), rootOf(290)].map((root) => withFewLayers(root).layers[0]?.key);
  expect(first).toBe(second);
  expect(withFewLayers(rootOf(240)).layers[0]?.key).not.toBe(first);
});

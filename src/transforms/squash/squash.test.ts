import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changePlans, layerEntries, planChangeset, trees } from '../../../test/arbitraries.ts';
import { collect, memoryBlob } from '../../../test/bytes.ts';
import { describeTree, entriesOf, treeOf } from '../../../test/trees.ts';
import { type DiffId, digestOf } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import type { History } from '../../formats/oci/types.ts';
import { anchor } from '../../model/anchor.ts';
import { apply } from '../../model/apply.ts';
import { type Changeset, walkChanges } from '../../model/changeset.ts';
import { compose } from '../../model/compose.ts';
import { diff } from '../../model/diff.ts';
import { differences, differencesInBytes } from '../../model/difference.ts';
import type { Image } from '../../model/image.ts';
import type { LayerEntry } from '../../model/layer/entry.ts';
import { readLayer } from '../../model/layer/read.ts';
import { writeLayer } from '../../model/layer/write.ts';
import { EMPTY_TREE, type Tree, walk } from '../../model/tree.ts';
import type { MadeLayer, NewLayer } from '../../ports/new-image.ts';
import { keptBelow } from './from.ts';
import { isSettled } from './settled.ts';
import { squash } from './squash.ts';

const numRuns = Number(process.env['PARE_RUNS'] ?? 600);
const timeout = 60_000 + numRuns * 20;

/** The layers' own bytes play no part. */
function imageOf(stack: readonly Changeset[], config: Partial<Image['config']> = {}): Image {
  const tree = stack.reduce(apply, EMPTY_TREE);
  const layers = stack.map((changes, i) => {
    const diffId = digestOf(`layer ${i}`) as DiffId;
    return { diffId, descriptor: undefined, blob: memoryBlob(new Uint8Array()), size: 0, changes };
  });
  const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) } as const;
  return { config: { architecture: 'amd64', os: 'linux', ...config, rootfs }, layers, tree, source: undefined };
}

/** Stands for a layer that is stored. */
const KEPT: NewLayer = { kind: 'tar', blob: memoryBlob(new Uint8Array()), size: 0 };

function squashed(image: Image, kept: number) {
  return squash({ image, layers: image.layers.map(() => KEPT) }, { kept });
}

/** A stack of changesets, each made for what lies below it. */
const stacks: fc.Arbitrary<readonly Changeset[]> = fc
  .tuple(trees, fc.array(changePlans, { minLength: 1, maxLength: 4 }))
  .map(([tree, plans]) => {
    const stack = [diff(EMPTY_TREE, tree)];
    for (const plan of plans) stack.push(planChangeset(plan, stack.reduce(apply, EMPTY_TREE)));
    return stack;
  });

/** The same from what archives list: in any order, through links, in the way of each other. */
const archives: fc.Arbitrary<readonly Changeset[]> = fc
  .array(layerEntries, { minLength: 2, maxLength: 4 })
  .map((layers) => {
    const stack: Changeset[] = [];
    for (const entries of layers) {
      const changes = anchored(stack.reduce(apply, EMPTY_TREE), entries);
      if (changes !== undefined) stack.push(changes);
    }
    return stack;
  });

/** Undefined for what no extractor would take either. */
function anchored(below: Tree, entries: readonly LayerEntry[]): Changeset | undefined {
  try {
    return anchor(below, entries);
  } catch (error) {
    if (error instanceof ImageError) return undefined;
    throw error;
  }
}

/** No file system has them, and readers refuse them. */
function hasEmptySymlink({ tree, layers }: Image): boolean {
  const nodes = [...walk(tree)].map(({ node }) => node);
  const changes = layers.flatMap(({ changes }) => [...walkChanges(changes)].map(({ change }) => change));
  return [...nodes, ...changes].some((node) => node.kind === 'symlink' && node.target === '');
}

async function entriesOfLayer({ content, below }: MadeLayer): Promise<LayerEntry[]> {
  const bytes = await collect(writeLayer(content, below === undefined ? {} : { below }));
  return Array.fromAsync(readLayer(memoryBlob(bytes), bytes.length));
}

async function check(stack: readonly Changeset[], keep: number): Promise<void> {
  const image = imageOf(stack);
  fc.pre(stack.length > 1 && !hasEmptySymlink(image));
  const kept = keep % (stack.length - 1);
  const result = squashed(image, kept);
  expect(result.layers.length).toBe(kept + 1);
  expect(result.layers.slice(0, kept).every((layer) => layer === KEPT)).toBe(true);
  const layer = result.layers.at(-1) as MadeLayer;
  const entries = await entriesOfLayer(layer);
  const below = stack.slice(0, kept).reduce(apply, EMPTY_TREE);
  const top = apply(below, anchor(below, entries));
  expect(await Array.fromAsync(differencesInBytes(image.tree, top))).toEqual([]);
  const marks = entries.filter(({ kind }) => kind === 'whiteout' || kind === 'opaque');
  if (kept === 0) expect(marks).toEqual([]);
  for (const { path } of marks) expect(walk(below, path).next().done, path).toBe(false);
}

describe('a squashed image has the tree that its layers come to one by one', { timeout }, () => {
  test('for random changesets', async () => {
    await fc.assert(fc.asyncProperty(stacks, fc.nat(), check), { numRuns });
  });

  test('for random archives', async () => {
    await fc.assert(fc.asyncProperty(archives, fc.nat(), check), { numRuns });
  });

  test('and the tree is what the composed layers make of nothing', () => {
    fc.assert(
      fc.property(stacks, (stack) => {
        const { tree } = imageOf(stack);
        expect([...differences(tree, apply(EMPTY_TREE, stack.reduce(compose)))]).toEqual([]);
      }),
      { numRuns },
    );
  });
});

/** Layers from descriptions, the lowest first. */
function described(...layers: readonly string[]): Image {
  const stack: Changeset[] = [];
  for (const text of layers) stack.push(anchor(stack.reduce(apply, EMPTY_TREE), entriesOf(text)));
  return imageOf(stack);
}

async function upper(image: Image, kept: number): Promise<string[]> {
  const entries = await entriesOfLayer(squashed(image, kept).layers.at(-1) as MadeLayer);
  return entries.map((entry) => `${entry.path} ${entry.kind === 'node' ? entry.node.kind : entry.kind}`);
}

describe('what is above a kept layer', () => {
  test('a file that is made and removed above leaves no trace', async () => {
    const image = described('/etc/\n/etc/below x', '/etc/made x', '/etc/made gone\n/etc/below gone');
    expect(await upper(image, 1)).toEqual(['/etc dir', '/etc/below whiteout']);
  });

  test('a directory replaced by a file and back hides what was in it', async () => {
    const image = described('/d/\n/d/below x', '/d x', '/d gone', '/d/\n/d/new x');
    expect(await upper(image, 1)).toEqual(
      ['/d dir', '/d opaque', '/d/new node'].map((one) => one.replace('node', 'file')),
    );
    expect(describeTree(image.tree)).toEqual(['/d/', '/d/new x']);
  });

  test('a link to a file of a kept layer: the file is copied up with all its names', async () => {
    const image = described('/bin/a x\n/bin/b => bin/a', '/c => bin/b', '/bin/a gone');
    expect(await upper(image, 1)).toEqual(['/bin dir', '/bin/a whiteout', '/bin/b file', '/c hardlink']);
  });

  test('a link to a file of a squashed layer becomes a link of the one layer', async () => {
    const image = described('/below x', '/a x', '/b => a', '/a gone\n/c => b');
    expect(await upper(image, 1)).toEqual(['/b file', '/c hardlink']);
  });
});

describe('the history', () => {
  const told: readonly History[] = [
    { created: '2026-01-01T00:00:00Z', created_by: 'ADD base' },
    { created_by: 'CMD ["sh"]', empty_layer: true },
    { created: '2026-01-02T00:00:00Z', created_by: 'RUN one' },
    { created_by: 'ENV A=b', empty_layer: true },
    { created: '2026-01-03T00:00:00Z', created_by: 'RUN two', comment: 'buildkit' },
    { created_by: 'USER x', empty_layer: true },
  ];
  const stack = ['/a x', '/b x', '/c x'].map((text) => diff(EMPTY_TREE, treeOf(text)));
  const image = imageOf(stack, { history: told, created: '2026-01-04T00:00:00Z' });

  test('names what became one, and keeps the settings', () => {
    const result = squashed(image, 1);
    expect(result.created).toBe('2026-01-04T00:00:00Z');
    expect(result.history).toEqual([
      told[0],
      told[1],
      { created: '2026-01-03T00:00:00Z', created_by: 'pare squash # RUN one # RUN two', comment: '2 layers as one' },
      told[3],
      told[5],
    ]);
    expect(squashed(image, 0).history?.filter(({ empty_layer: empty }) => empty !== true).length).toBe(1);
  });

  test('that does not account for the layers is made anew', () => {
    expect(squashed(imageOf(stack, { history: told.slice(0, 2) }), 1)?.history).toEqual([
      {},
      { created_by: 'pare squash # unknown # unknown', comment: '2 layers as one' },
    ]);
  });

  test('takes a time that is given', () => {
    const time = '1970-01-01T00:00:01Z';
    const result = squash({ image, layers: [KEPT, KEPT, KEPT] }, { kept: 0, time });
    expect(result.created).toBe(time);
    expect(result.history?.[0]?.created).toBe(time);
  });
});

describe('nothing to squash', () => {
  test.each([
    ['one layer above those that stay', described('/a x', '/b x'), 1, true],
    ['none above them', described('/a x', '/b x'), 2, true],
    ['one layer in all', described('/a x'), 0, true],
    ['not, where it removes what is not there', described('/a x\n/b gone'), 0, false],
    ['not with two layers', described('/a x', '/b x'), 0, false],
  ])('%s', async (_, image, kept, settled) => {
    expect(await isSettled(image, kept)).toBe(settled);
  });
});

describe('which layers stay', () => {
  const { layers } = described('/a x', '/b x', '/c x');
  const id = (i: number) => layers[i]?.diffId ?? '';

  test.each([
    ['0', 0],
    ['2', 2],
    ['-2', 1],
    ['-3', 0],
    [id(0), 1],
    [id(1).slice(7, 19), 2],
  ])('%s: the lowest %i', (from, kept) => {
    expect(keptBelow(layers, from)).toBe(kept);
  });

  test.each([
    ['4', 'USAGE', /3 layers/],
    ['-4', 'USAGE', /3 layers/],
    ['abc', 'USAGE', /names no layer/],
    ['0123456789ab', 'NOT_FOUND', /no layer 0123456789ab/],
  ])('%s is refused', (from, code, message) => {
    expect(() => keptBelow(layers, from)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  test('a digest that two layers have is not enough', () => {
    const twice = [...layers, ...layers];
    expect(() => keptBelow(twice, id(0))).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.stringMatching(/1, 4/) }),
    );
  });
});

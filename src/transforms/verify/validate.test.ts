/** Random stacks of layers through save and load: what comes back is what was put in, and the oracle finds nothing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changePlans, planChangeset, trees } from '../../../test/arbitraries.ts';
import { imageOf, workplace } from '../../../test/images.ts';
import { digestOf } from '../../base/digest.ts';
import { apply } from '../../model/apply.ts';
import { EMPTY_CHANGESET } from '../../model/changeset.ts';
import { differencesInBytes } from '../../model/difference.ts';
import type { Image, Layer, StoredManifest } from '../../model/image.ts';
import { FILE_META, type FileNode, IMPLICIT_DIR, type Leaf, type Node } from '../../model/node.ts';
import { EMPTY_DIR, EMPTY_TREE, type Tree, walk } from '../../model/tree.ts';
import { changesetFaults, treeFaults } from '../../model/validate.ts';
import { openSink } from '../../sinks.ts';
import { openImage } from '../../sources.ts';
import type { NewLayer } from '../save/image.ts';
import { saveImage } from '../save/save.ts';
import { validateImage } from './validate.ts';

/** A tree and two changesets for it; no empty symbolic links, which no layer can hold. */
const stacks = fc
  .tuple(trees, changePlans, changePlans)
  .map(([base, ...plans]) => {
    const layers: NewLayer[] = [{ kind: 'made', content: base }];
    const stages: Tree[] = [base];
    let top = base;
    for (const plan of plans) {
      const content = planChangeset(plan, top);
      layers.push({ kind: 'made', content, below: top });
      top = apply(top, content);
      stages.push(top);
    }
    return { layers, stages, top };
  })
  .filter(({ stages }) => {
    return stages.every((tree) => [...walk(tree)].every(({ node }) => node.kind !== 'symlink' || node.target !== ''));
  });

describe('what is saved loads as the same image', () => {
  test.each(['oci:DIR:a', 'docker-archive:DIR.tar:a:latest', 'oci-archive:DIR.tar:a', 'stored'])('%s', async (form) => {
    await using place = await workplace();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(stacks, async ({ layers, top }) => {
        const reference = form.replace('DIR', `${place.dir}/${count++}`);
        await using sink = await openSink(reference, place.access);
        await saveImage(imageOf(EMPTY_TREE, { layers }), sink);
        await using opened = await openImage(reference, place.access);
        expect(await validateImage(opened.image, { source: opened.source })).toEqual([]);
        expect(await Array.fromAsync(differencesInBytes(top, opened.image.tree))).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });
});

describe('the oracle sees', async () => {
  await using place = await workplace();
  await using sink = await openSink('stored', place.access);
  const [{ layers } = { layers: [] }] = fc.sample(stacks, { numRuns: 1, seed: 7 });
  await saveImage(imageOf(EMPTY_TREE, { layers }), sink);
  await using opened = await openImage('stored', place.access);
  const { image } = opened;
  const source = image.source as StoredManifest;
  const withLayer = (change: Partial<Layer>): Image => ({
    ...image,
    layers: image.layers.map((layer, i) => (i === 1 ? { ...layer, ...change } : layer)),
  });
  const other = digestOf('other') as Layer['diffId'];
  const noBytes = {
    id: 'none',
    read: () => Promise.reject(new Error('no bytes here')),
    // biome-ignore lint/correctness/useYield: it fails before
    stream: async function* () {
      throw new Error('no bytes here');
    },
  };

  const cases: [string, Image, string][] = [
    ['another manifest', { ...image, source: { ...source, rawManifest: Buffer.from('{}') } }, 'manifest'],
    ['another config', { ...image, source: { ...source, rawConfig: Buffer.from('{}') } }, 'config'],
    ['a config that is not its bytes', { ...image, config: { ...image.config, author: 'someone else' } }, 'config'],
    [
      'a manifest that is not its bytes',
      { ...image, source: { ...source, manifest: { ...source.manifest, annotations: { a: 'b' } } } },
      'manifest',
    ],
    ['a layer missing', { ...image, layers: image.layers.slice(1) }, 'config'],
    ['another DiffID', withLayer({ diffId: other }), other],
    ['a layer cut off', withLayer({ size: 512 }), image.layers[1]?.diffId ?? ''],
    ['a layer that cannot be read', withLayer({ blob: noBytes }), image.layers[1]?.diffId ?? ''],
    ['another changeset', withLayer({ changes: EMPTY_CHANGESET }), image.layers[1]?.diffId ?? ''],
    ['another tree', { ...image, tree: EMPTY_TREE }, '/'],
  ];
  const results = await Promise.all(
    cases.map(async ([what, broken, where]) => ({ what, where, faults: await validateImage(broken) })),
  );
  const untouched = await validateImage(image, { source: opened.source });

  test('nothing in the image itself', () => {
    expect(untouched).toEqual([]);
  });

  test.each(results)('$what', ({ where, faults }) => {
    expect(faults.map((fault) => fault.where)).toContain(where);
  });

  test('that it is to stop', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(validateImage(image, {}, { signal })).rejects.toThrow();
  });
});

describe('what must hold of a tree', () => {
  const file: FileNode = {
    ...IMPLICIT_DIR,
    kind: 'file',
    meta: FILE_META,
    link: undefined,
    content: { kind: 'bytes', bytes: Buffer.of(1), size: 1 },
  };
  const of = (...children: [string, Node][]): Tree => ({
    root: { ...EMPTY_DIR, names: children.map(([name]) => name), nodes: children.map(([, node]) => node) },
  });
  const link = { link: true } as const;
  const device: Leaf = { ...file, kind: 'char', major: 1, minor: -1 };
  const slice = (offset: number, size: number): Leaf => ({
    ...file,
    content: {
      kind: 'slice',
      blob: { id: '', read: async () => Buffer.of(), stream: async function* () {} },
      offset,
      size,
    },
  });
  const extents = [
    { at: 5, offset: 0, size: 5 },
    { at: 8, offset: 5, size: 1 },
  ];

  test.each<[string, Tree, RegExp]>([
    ['order', of(['b', file], ['a', file]), /out of order at a/],
    ['one of each name', of(['a', file], ['a', file]), /out of order/],
    ['names', of(['a/b', file]), /"a\/b" is no name/],
    ['no dots', of(['..', file]), /"\.\." is no name/],
    ['no empty names', of(['', file]), /"" is no name/],
    ['as many names as nodes', { root: { ...of(['a', file]).root, names: ['a', 'b'] } }, /2 names for 1/],
    ['modes', of(['a', { ...file, meta: { ...FILE_META, mode: 0o100644 } }]), /mode 100644/],
    ['owners', of(['a', { ...file, meta: { ...FILE_META, uid: 2 ** 32 } }]), /owner/],
    ['times', of(['a', { ...file, mtimeNs: 1e9 }]), /time/],
    ['sizes', of(['a', { ...file, content: { kind: 'bytes', bytes: Buffer.of(1), size: 2 } }]), /1 bytes, not 2/],
    ['no negative sizes', of(['a', slice(0, -1)]), /size -1/],
    ['places', of(['a', slice(-1, 1)]), /lies at -1/],
    [
      'extents',
      of([
        'a',
        { ...file, content: { ...(slice(0, 20) as FileNode).content, kind: 'sparse', extents } as FileNode['content'] },
      ]),
      /extent at 8/,
    ],
    ['links', of(['a', { ...file, kind: 'symlink', target: '' }]), /cannot be made/],
    ['devices', of(['a', device]), /device 1:-1/],
    ['hard links', of(['a', { ...file, link }], ['b', { ...file, link, mtime: 1 }]), /differs from it/],
  ])('%s', (_what, tree, message) => {
    expect([...treeFaults(tree)].map((fault) => fault.message)).toEqual([expect.stringMatching(message)]);
  });

  test('and holds of random ones, and of changesets', () => {
    fc.assert(
      fc.property(stacks, ({ stages, layers }) => {
        for (const tree of stages) expect([...treeFaults(tree)]).toEqual([]);
        for (const layer of layers) {
          if (layer.kind !== 'made' || layer.content.root.kind === 'dir') continue;
          expect([...changesetFaults({ root: layer.content.root }, layer.below ?? EMPTY_TREE)]).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a changeset links to files below', () => {
    const root = { ...EMPTY_CHANGESET.root, names: ['a'], changes: [{ kind: 'hardlink', target: '/b' } as const] };
    expect([...changesetFaults({ root }, of(['b', file]))]).toEqual([]);
    for (const below of [EMPTY_TREE, of(['b', EMPTY_DIR])]) {
      expect([...changesetFaults({ root }, below)]).toEqual([{ where: '/a', message: 'links to /b, no file below' }]);
    }
  });
});

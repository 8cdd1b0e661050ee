/** Merging from references to references. */
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { imageOf, treeOf, type Workplace, workplace } from '../../test/images.ts';
import { describeTree } from '../../test/trees.ts';
import { diff } from '../model/diff.ts';
import type { Tree } from '../model/tree.ts';
import type { NewImage } from '../ports/new-image.ts';
import { openSink } from '../sinks.ts';
import { openImage } from '../sources.ts';
import { saveImage } from '../transforms/save/save.ts';
import { type MergeOptions, openMerging } from './merge.ts';
import { verifyReference } from './verify.ts';

async function save(name: string, image: NewImage, { access }: Workplace) {
  await using sink = await openSink(name, access);
  return await saveImage(image, sink);
}

async function merged(
  references: readonly string[],
  to: string,
  place: Workplace,
  options: Partial<MergeOptions> = {},
) {
  await using merging = await openMerging({ references, ...options }, place.access);
  return await merging.save(to);
}

const BASE = treeOf({ '/etc/base': 'base', '/gone': 'x' });
const onBase = (tree: Tree): NewImage =>
  imageOf(tree, {
    layers: [
      { kind: 'made', content: BASE },
      { kind: 'made', content: diff(BASE, tree), below: BASE },
    ],
    history: [{ created_by: 'base' }, { created_by: 'ENV', empty_layer: true }, { created_by: 'own' }],
  });

describe('layers', () => {
  test('that all begin with stay byte for byte, with their history; the rest is one', async () => {
    await using place = await workplace();
    const one = await save('one', onBase(treeOf({ '/etc/base': 'base', '/one': '1' })), place);
    await save('two', onBase(treeOf({ '/etc/base': 'base', '/gone': 'x', '/two': '2' })), place);
    await merged(['one', 'two'], 'both', place);
    await using opened = await openImage('both', place.access);
    const { image } = opened;
    expect(image.source?.manifest.layers.length).toBe(2);
    expect(image.source?.manifest.layers[0]).toEqual(one.manifest.layers[0]);
    expect(image.config.history?.map(({ created_by }) => created_by)).toEqual(['base', 'pare merge']);
    expect(describeTree(image.tree).map((line) => line.split(' ')[0])).toEqual([
      '/etc/',
      '/etc/base',
      '/gone',
      '/one',
      '/two',
    ]);
    expect((await verifyReference('both', place.access)).problems).toEqual([]);
  });

  test('of an image that lies below another stay all', async () => {
    await using place = await workplace();
    const base = await save('base', imageOf(BASE), place);
    await save('above', onBase(treeOf({ '/etc/base': 'base', '/gone': 'x', '/more': 'm' })), place);
    const above = await merged(['base', 'above'], 'both', place);
    await using opened = await openImage('above', place.access);
    expect(above.digest).toBe(opened.descriptor.digest);
    const same = await merged(['base', 'base'], 'same', place);
    expect(same.digest).toBe(base.descriptor.digest);
  });

  test('of archives without manifests keep their tars', async () => {
    await using place = await workplace();
    const [one, two] = [`docker-archive:${place.dir}/one.tar`, `docker-archive:${place.dir}/two.tar`];
    const { config } = await save(one, onBase(treeOf({ '/etc/base': 'base', '/gone': 'x', '/one': '1' })), place);
    await save(two, onBase(treeOf({ '/etc/base': 'base', '/gone': 'x', '/two': '2' })), place);
    await merged([one, two], 'both', place);
    await using opened = await openImage('both', place.access);
    expect(opened.image.config.rootfs.diff_ids[0]).toBe(config.rootfs.diff_ids[0]);
    expect(opened.image.tree.root.names).toEqual(['etc', 'gone', 'one', 'two']);
    expect(opened.image.layers.length).toBe(2);
  });

  test('are one where nothing is shared, or where a root filesystem is among them', async () => {
    await using place = await workplace();
    await save('one', imageOf(treeOf({ '/one': '1' })), place);
    await save('two', imageOf(treeOf({ '/two': '2' })), place);
    await merged(['one', 'two'], `rootfs:${place.dir}/root`, place);
    await merged([`rootfs:${place.dir}/root`, 'one', 'scratch'], 'three', place);
    await using opened = await openImage('three', place.access);
    expect(opened.image.layers.length).toBe(1);
    expect(opened.image.tree.root.names).toEqual(['one', 'two']);
    expect(opened.image.config.config).toEqual({ Env: ['PATH=/bin'] });
  });
});

test('another config alone makes no layer', async () => {
  await using place = await workplace();
  const { manifest } = await save('one', imageOf(treeOf({ '/one': '1' })), place);
  await merged(['one'], 'two', place, { user: 'me' });
  await using opened = await openImage('two', place.access);
  expect(opened.image.source?.manifest.layers).toEqual(manifest.layers);
  expect(opened.image.config.config).toMatchObject({ User: 'me' });
});

describe('what cannot be done', () => {
  test('conflicts: nothing is written', async () => {
    await using place = await workplace();
    await save('one', imageOf(treeOf({ '/a': '1' })), place);
    await save('two', imageOf(treeOf({ '/a': '2' })), place);
    await using merging = await openMerging({ references: ['one', 'two'] }, place.access);
    expect(merging.conflicts.map(({ where }) => where)).toEqual(['/a']);
    for (const to of ['three', `oci:${place.dir}/three`, `rootfs:${place.dir}/three`]) {
      await expect(merging.save(to)).rejects.toMatchObject({ code: 'CONFLICT', hint: /--prefer/ });
    }
    expect(readdirSync(place.dir)).toEqual(['store']);
    expect(existsSync(`${place.dir}/three`)).toBe(false);
  });

  test('different platforms', async () => {
    await using place = await workplace();
    await save('one', imageOf(treeOf({ '/a': '1' })), place);
    await save('two', imageOf(treeOf({ '/b': '2' }), { platform: { os: 'linux', architecture: 'arm64' } }), place);
    await expect(openMerging({ references: ['one', 'two'] }, place.access)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: /one is for linux\/amd64, two is for linux\/arm64/,
    });
  });

  test('an image that is not there', async () => {
    await using place = await workplace();
    await save('one', imageOf(treeOf({ '/a': '1' })), place);
    await expect(openMerging({ references: ['one'], configFrom: 1 }, place.access)).rejects.toMatchObject({
      code: 'USAGE',
    });
    await expect(openMerging({ references: ['one'], prefer: ['/a=2'] }, place.access)).rejects.toMatchObject({
      code: 'USAGE',
    });
    await expect(openMerging({ references: ['one', `oci:${place.dir}/none`] }, place.access)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

/** Images made of others, through the media they are read from and written to. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { collect } from '../../test/bytes.ts';
import { imageOf, treeOf, type Workplace, workplace } from '../../test/images.ts';
import { describeTree, treeOf as linkedTree } from '../../test/trees.ts';
import { digestOf } from '../base/digest.ts';
import { PARE_EVIDENCE } from '../formats/oci/media-types.ts';
import type { Platform } from '../formats/oci/types.ts';
import { diff } from '../model/diff.ts';
import { writeLayer } from '../model/layer/write.ts';
import type { Tree } from '../model/tree.ts';
import type { NewImage } from '../ports/new-image.ts';
import { openSink } from '../sinks.ts';
import { openImage, openSource } from '../sources.ts';
import { saveImage } from '../transforms/save/save.ts';
import { openAppending } from './append.ts';
import type { Deriving } from './derive.ts';
import { openIndexing } from './index.ts';
import { openMutation } from './mutate.ts';
import { openRebasing } from './rebase.ts';
import { openSquashing } from './squash.ts';
import { verifyReference } from './verify.ts';

const AMD: Platform = { architecture: 'amd64', os: 'linux' };
const ARM: Platform = { architecture: 'arm', os: 'linux', variant: 'v7' };

/** Each tree a layer on the one before. */
function stacked(trees: readonly Tree[], more: Partial<NewImage> = {}): NewImage {
  const layers = trees.map((tree, i) => {
    const below = trees[i - 1];
    return { kind: 'made', content: below === undefined ? tree : diff(below, tree), ...(below && { below }) } as const;
  });
  return imageOf(trees[0] as Tree, { layers, ...more });
}

async function save(image: NewImage, reference: string, { access }: Workplace, attachments: readonly string[] = []) {
  await using sink = await openSink(reference, access);
  const attached = attachments.map((artifactType) => ({ artifactType, bytes: Buffer.from('{}') }));
  return await saveImage(image, sink, { attachments: attached });
}

async function write(opening: Promise<Deriving>, to: string) {
  await using deriving = await opening;
  return { ...(await deriving.save(to)), images: deriving.images };
}

async function look(reference: string, { access }: Workplace, platform?: Platform) {
  await using opened = await openImage(reference, { ...access, ...(platform && { platform }) });
  const { image, descriptor } = opened;
  expect((await verifyReference(reference, access)).problems).toEqual([]);
  return {
    descriptor,
    config: image.config,
    layers: image.source?.manifest.layers ?? [],
    manifest: image.source?.manifest,
    tree: describeTree(image.tree).map((line) => line.replace(/ file$/, '')),
  };
}

const A = treeOf({ '/a': 'a' });
const AB = treeOf({ '/a': 'a', '/b': 'b' });
const BC = treeOf({ '/b': 'b', '/c': 'c' });

/** Two platforms, three layers each. */
async function twoPlatforms(place: Workplace, name: string): Promise<void> {
  for (const platform of [AMD, ARM]) await save(stacked([A, AB, BC], { platform }), platform.architecture, place);
  await using indexing = await openIndexing(
    undefined,
    { images: ['amd64', 'arm'], annotations: { k: 'v' } },
    place.access,
  );
  await indexing.save(name);
}

describe('squash', () => {
  test('of every image of an index, and of one', async () => {
    await using place = await workplace();
    await twoPlatforms(place, 'both');
    const { images } = await write(openSquashing('both', {}, place.access), 'squashed');
    expect(images.map(({ before, after }) => [before.layers, after.layers])).toEqual([
      [3, 1],
      [3, 1],
    ]);
    for (const platform of [AMD, ARM]) {
      const { tree, layers, config } = await look('squashed', place, platform);
      expect(tree).toEqual(['/b', '/c']);
      expect(layers.length).toBe(1);
      expect(config.history?.length).toBe(1);
    }
    await using source = await openSource('squashed', place.access);
    expect((await source.resolve()).mediaType).toMatch(/index/);
    await write(openSquashing('both', {}, { ...place.access, platform: ARM }), `oci:${place.dir}/arm`);
    expect((await look(`oci:${place.dir}/arm`, place)).config.variant).toBe('v7');
    await write(openSquashing('both', {}, place.access), `docker-archive:${place.dir}/a.tar:x:y`);
    expect((await look(`docker-archive:${place.dir}/a.tar`, place)).tree).toEqual(['/b', '/c']);
  });

  test('above a base: its layers stay as they are, always the same bytes come of it', async () => {
    await using place = await workplace();
    await save(stacked([A]), 'base', place);
    const before = await save(stacked([A, AB, BC]), 'app', place);
    const request = { keepBase: 'base' };
    const { digest } = await write(openSquashing('app', request, place.access), 'one');
    const { layers, tree } = await look('one', place);
    expect(layers).toEqual([before.manifest.layers[0], expect.anything()]);
    expect(tree).toEqual(['/b', '/c']);
    const again = await write(openSquashing('app', request, place.access), `oci-archive:${place.dir}/x.tar:x`);
    expect(again.digest).toBe(digest);
    await save(stacked([AB]), 'other', place);
    await expect(openSquashing('app', { keepBase: 'other' }, place.access)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/^other is not the base: its layer 1 has the DiffID [0-9a-f]{12}/),
    });
    await expect(openSquashing('app', { ...request, from: '1' }, place.access)).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  test('of what is one layer already: byte for byte, and what refers to it comes along', async () => {
    await using place = await workplace();
    const before = await save(stacked([A]), 'one', place, ['a/b']);
    expect((await write(openSquashing('one', {}, place.access), 'same')).digest).toBe(before.descriptor.digest);
    await using source = await openSource('same', place.access);
    expect((await source.referrers(before.descriptor.digest)).length).toBe(1);
  });

  test('evidence goes on holding, and signatures do not', async () => {
    await using place = await workplace();
    await save(stacked([A, AB]), 'app', place, [PARE_EVIDENCE, 'a/signature']);
    const { digest } = await write(openSquashing('app', {}, place.access), 'one');
    await using source = await openSource('one', place.access);
    const referrers = await source.referrers(digest ?? digestOf(''));
    expect(referrers.map(({ artifactType }) => artifactType)).toEqual([PARE_EVIDENCE]);
    expect(place.warnings).toEqual([expect.stringMatching(/^app becomes another image.*stays behind: 1 /)]);
  });

  test('takes SOURCE_DATE_EPOCH for its times', async () => {
    await using place = await workplace();
    await save(stacked([A, AB]), 'app', place);
    await write(openSquashing('app', { time: 5 }, place.access), 'one');
    const { config } = await look('one', place);
    expect([config.created, config.history?.[0]?.created]).toEqual(['1970-01-01T00:00:05Z', '1970-01-01T00:00:05Z']);
  });
});

test('mutate: only config and manifest are new, and what pare does not know survives', async () => {
  await using place = await workplace();
  const unknown = { 'x.vendor': { deep: [1] } };
  const config = { Env: ['PATH=/bin', 'A=1', 'B=2'], User: 'me', Labels: { x: 'y', z: 'w' }, 'X-Own': 7 } as object;
  const before = await save(
    stacked([A, AB], { unknown, config, annotations: { old: '1' }, author: 'me' }),
    'app',
    place,
  );
  const edits = {
    env: ['A=new', 'C=3'],
    cmd: ['/bin/x'],
    expose: ['80/tcp'],
    annotations: { new: '2' },
    platform: ARM,
    unset: [
      { field: 'env', name: 'B' },
      { field: 'label', name: 'x' },
      { field: 'user', name: undefined },
      { field: 'author', name: undefined },
      { field: 'annotation', name: 'old' },
    ],
  } as const;
  await write(openMutation('app', edits, undefined, place.access), 'new');
  const { manifest, config: after } = await look('new', place);
  expect(manifest?.layers).toEqual(before.manifest.layers);
  expect(manifest?.annotations).toEqual({ new: '2' });
  expect(after).toEqual({
    ...unknown,
    ...ARM,
    created: before.config.created,
    config: {
      Env: ['PATH=/bin', 'A=new', 'C=3'],
      Labels: { z: 'w' },
      Cmd: ['/bin/x'],
      ExposedPorts: { '80/tcp': {} },
      'X-Own': 7,
    },
    history: before.config.history,
    rootfs: before.config.rootfs,
  });
});

test('mutate looks at no layer, and gives no root filesystem', async () => {
  await using place = await workplace();
  const { manifest } = await save(stacked([A]), `oci:${place.dir}/a:old`, place);
  const blob = `${place.dir}/a/blobs/sha256/${manifest.layers[0]?.digest.slice(7)}`;
  writeFileSync(blob, Buffer.alloc(readFileSync(blob).length));
  // In the same layout the layer is there already.
  const mutation = () => openMutation(`oci:${place.dir}/a:old`, { user: 'x' }, undefined, place.access);
  expect((await write(mutation(), `oci:${place.dir}/a:new`)).images[0]?.after).toEqual({ layers: 1 });
  await expect(write(mutation(), `tar:${place.dir}/x.tar`)).rejects.toMatchObject({ code: 'USAGE' });
  // A layer that is sent is looked at, of course: this one is damaged.
  await expect(write(mutation(), 'elsewhere')).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  const archive = `docker-archive:${place.dir}/b.tar:x:y`;
  await save(stacked([A, AB]), archive, place);
  await write(openMutation(archive, { user: 'x' }, undefined, place.access), 'from-archive');
  expect((await look('from-archive', place)).tree).toEqual(['/a', '/b']);
});

describe('append', () => {
  test('a compressed tar stays as it is, a plain one keeps its DiffID, a directory brings what is in it', async () => {
    await using place = await workplace();
    const tar = await collect(writeLayer(linkedTree('/d/\n/d/new x\n/other => /d/new')));
    writeFileSync(`${place.dir}/l.tar`, tar);
    const packed = gzipSync(tar, { level: 1 });
    writeFileSync(`${place.dir}/l.tgz`, packed);
    mkdirSync(`${place.dir}/dir/d`, { recursive: true });
    writeFileSync(`${place.dir}/dir/d/file`, 'file');
    chmodSync(`${place.dir}/dir`, 0o700);
    await save(stacked([A]), 'app', place);
    const layers = [`${place.dir}/l.tgz`, `tar:${place.dir}/l.tar`, `${place.dir}/dir`];
    await write(openAppending('app', { layers }, place.access), 'new');
    const { layers: stored, config, tree } = await look('new', place);
    expect(stored[1]?.digest).toBe(digestOf(packed));
    expect(config.rootfs.diff_ids.slice(1, 3)).toEqual([digestOf(tar), digestOf(tar)]);
    expect(tree).toEqual(['/a', '/d/', '/d/file', '/d/new', '/other => /d/new']);
    expect(config.history?.map((entry) => entry.created_by).slice(1)).toEqual([
      'pare append l.tgz',
      'pare append l.tar',
      'pare append rootfs:',
    ]);
    await using opened = await openImage('new', place.access);
    expect(opened.image.tree.root.meta.mode).toBe(0o755);
  });

  test('to nothing, for a platform', async () => {
    await using place = await workplace();
    writeFileSync(`${place.dir}/l.tar`, await collect(writeLayer(A)));
    const access = { ...place.access, platform: ARM };
    await write(openAppending('scratch', { layers: [`${place.dir}/l.tar`] }, access), 'base');
    const { config, tree } = await look('base', place);
    expect(config).toMatchObject({ ...ARM, created: '2023-11-14T22:13:20Z' });
    expect(tree).toEqual(['/a']);
  });

  test('what is no layer is refused', async () => {
    await using place = await workplace();
    await save(stacked([A]), 'app', place);
    writeFileSync(`${place.dir}/text`, 'no tar at all'.repeat(100));
    writeFileSync(`${place.dir}/cut.gz`, gzipSync('x'.repeat(5000)).subarray(0, 20));
    for (const [layer, code] of [
      ['text', 'INVALID'],
      ['cut.gz', 'INVALID'],
      ['missing', 'NOT_FOUND'],
    ]) {
      const opening = openAppending('app', { layers: [`${place.dir}/${layer}`] }, place.access);
      await expect(opening, layer).rejects.toMatchObject({ code });
    }
  });
});

describe('rebase', () => {
  const OLD = treeOf({ '/lib/c': 'old', '/lib/gone': 'x' });
  const NEW = treeOf({ '/lib/c': 'new', '/lib/more': 'y' });
  const APP = treeOf({ '/lib/c': 'old', '/app': 'app' });

  async function bases(place: Workplace, newBase: Tree = NEW): Promise<void> {
    const env = (...lines: string[]) => ({ Env: ['PATH=/bin', ...lines] });
    await save(stacked([OLD], { config: { ...env('V=1', 'K=o'), User: 'old', Cmd: ['sh'] } }), 'old', place);
    const settled = { ...env('V=2', 'NEW=n'), User: 'new', Cmd: ['bash'], StopSignal: 'SIGINT' };
    await save(stacked([newBase, newBase], { config: settled }), 'new', place);
    const own = { ...env('V=1', 'K=own', 'A=a'), User: 'old', Cmd: ['app'], Labels: { x: 'y' } };
    await save(stacked([OLD, APP], { config: own, created: '2030-01-01T00:00:00Z' }), 'app', place);
  }

  test('upper layers stay byte for byte; what the config inherited is the new base’s', async () => {
    await using place = await workplace();
    await bases(place);
    const [app, base] = [await look('app', place), await look('new', place)];
    await write(openRebasing('app', { oldBase: 'old', newBase: 'new' }, place.access), 'rebased');
    const { layers, tree, config } = await look('rebased', place);
    expect(layers).toEqual([...base.layers, app.layers[1]]);
    expect(tree).toEqual(['/app', '/lib/', '/lib/c', '/lib/more']);
    expect(config.config).toEqual({
      Env: ['PATH=/bin', 'V=2', 'NEW=n', 'K=own', 'A=a'],
      User: 'new',
      Cmd: ['app'],
      StopSignal: 'SIGINT',
      Labels: { x: 'y' },
    });
    expect(config.created).toBe('2030-01-01T00:00:00Z');
    expect(config.history?.length).toBe(3);
    expect(place.warnings).toEqual([expect.stringMatching(/removes what the new base does not have: \/lib\/gone$/)]);
  });

  test('on what is no base: the first layer that differs is named', async () => {
    await using place = await workplace();
    await bases(place);
    await expect(openRebasing('app', { oldBase: 'new', newBase: 'old' }, place.access)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/new is not the base: its layer 1 /),
    });
  });

  test('a layer that links to what is missing there is refused, since nobody could unpack it', async () => {
    await using place = await workplace();
    await save(stacked([OLD]), 'old', place);
    await save(stacked([NEW]), 'new', place);
    const link = `${place.dir}/link.tar`;
    writeFileSync(link, await collect(writeLayer(linkedTree('/lib/\n/x x\n/lib/gone => /x'))));
    // A hard link to a file of the layer below, as some builders write it.
    const bytes = readFileSync(link);
    const cut = bytes.indexOf('lib/gone');
    writeFileSync(link, relinked(bytes.subarray(cut - (cut % 512), cut - (cut % 512) + 512)));
    await write(openAppending('old', { layers: [link] }, place.access), 'app');
    const options = { oldBase: 'old', newBase: 'new' };
    await expect(openRebasing('app', options, place.access)).rejects.toMatchObject({
      code: 'CONFLICT',
      hint: /squash/,
    });
    await write(openSquashing('app', { keepBase: 'old' }, place.access), 'squashed');
    await write(openRebasing('squashed', options, place.access), 'rebased');
    expect((await look('rebased', place)).tree).toEqual([
      '/lib/',
      '/lib/c',
      '/lib/gone',
      '/lib/linked => /lib/gone',
      '/lib/more',
    ]);
  });
});

/** The header of a file as that of a link `lib/linked` to `lib/gone`. */
function relinked(header: Uint8Array): Buffer {
  const block = Buffer.from(header);
  block.fill(0, 0, 100).write('lib/linked');
  block.fill(0, 157, 257).write('lib/gone', 157);
  block.write('1', 156);
  block.write('00000000000', 124);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([block, Buffer.alloc(1024)]);
}

describe('index', () => {
  const manifestsOf = async (reference: string, { access }: Workplace) => {
    await using indexing = await openIndexing(reference, {}, access);
    return indexing.entries.map(({ platform, artifactType }) => platform?.architecture ?? artifactType);
  };

  test('created, added to, removed from', async () => {
    await using place = await workplace();
    const { access } = place;
    await twoPlatforms(place, 'both');
    expect(await manifestsOf('both', place)).toEqual(['amd64', 'arm']);
    const newer = await save(stacked([AB], { platform: ARM }), 'newer', place);
    {
      writeFileSync(`${place.dir}/sbom.json`, '{}');
      const artifact = { files: [`${place.dir}/sbom.json`], artifactType: 'application/spdx+json' };
      await using indexing = await openIndexing('both', { images: ['newer'], artifact }, access);
      await indexing.save(`oci:${place.dir}/more`);
    }
    expect(await manifestsOf(`oci:${place.dir}/more`, place)).toEqual(['amd64', 'arm', 'application/spdx+json']);
    expect((await look(`oci:${place.dir}/more`, place, ARM)).descriptor.digest).toBe(newer.descriptor.digest);
    {
      await using indexing = await openIndexing('both', { remove: ['linux/arm/v7'], annotations: { n: '1' } }, access);
      await indexing.save('both');
    }
    expect(await manifestsOf('both', place)).toEqual(['amd64']);
    // What edits images leaves the artifact beside them alone.
    await write(openMutation(`oci:${place.dir}/more`, { user: 'x' }, undefined, access), 'mutated');
    expect(await manifestsOf('mutated', place)).toEqual(['amd64', 'arm', 'application/spdx+json']);
  });

  test('what does not go together is refused', async () => {
    await using place = await workplace();
    const { access } = place;
    await save(stacked([A]), 'one', place);
    await save(stacked([AB]), 'two', place);
    await expect(openIndexing(undefined, { images: ['one', 'two'] }, access)).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(openIndexing('one', { images: ['two'] }, access)).rejects.toMatchObject({ code: 'USAGE' });
    await twoPlatforms(place, 'both');
    await expect(openIndexing('both', { remove: ['linux/s390x'] }, access)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await using indexing = await openIndexing(undefined, { images: ['one'] }, access);
    await expect(indexing.save(`docker-archive:${place.dir}/a.tar`)).rejects.toMatchObject({ code: 'USAGE' });
  });
});

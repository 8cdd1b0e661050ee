import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { imageOf, treeOf, type Workplace, workplace } from '../../../test/images.ts';
import { sharedFixture } from '../../../test/shared.ts';
import { scanAll } from '../../../test/tar.ts';
import { digestOf } from '../../base/digest.ts';
import { encodeHeader, paddingOf } from '../../formats/tar/encode.ts';
import { openSink } from '../../sinks.ts';
import { openImage, openSource } from '../../sources.ts';
import { copyImage } from '../../transforms/copy/copy.ts';
import type { SavedImage } from '../../transforms/save/image.ts';
import { saveImage } from '../../transforms/save/save.ts';

const fixtures = sharedFixture('ggcr/pkg/v1/tarball/testdata');

/** A tar of files and, where the value is a link, symbolic links. */
function tarOf(files: Readonly<Record<string, string | Uint8Array | { readonly link: string }>>): Buffer {
  const parts: Uint8Array[] = [];
  for (const [name, value] of Object.entries(files)) {
    const common = { name, mode: 0o644, uid: 0, gid: 0, mtime: 0, mtimeNs: 0 };
    if (typeof value === 'object' && 'link' in value) {
      parts.push(encodeHeader({ ...common, kind: 'symlink', linkname: value.link, size: 0 }));
      continue;
    }
    const bytes = Buffer.from(value);
    parts.push(
      encodeHeader({ ...common, kind: 'file', size: bytes.length }),
      bytes,
      Buffer.alloc(paddingOf(bytes.length)),
    );
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

const LAYER = tarOf({ 'etc/conf': 'x=1' });
const config = (ids: readonly string[]) =>
  JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: ids } });

describe.skipIf(fixtures === undefined)('archives of other tools', () => {
  test.each([
    ['test_image_1.tar', '', ['bar', 'foo']],
    ['test_image_2.tar', '', ['bat', 'baz']],
    ['test_bundle.tar', ':test_image_2', ['bat', 'baz']],
    ['test_bundle.tar', ':@1', ['bar', 'foo']],
    ['test_load_manifest.tar', '', ['bar', 'foo']],
    ['no_manifest.tar', '', ['foo']],
    ['hello-world-v25.tar', '', ['hello']],
  ])('%s%s', async (file, pick, names) => {
    await using place = await workplace();
    await using opened = await openImage(`docker-archive:${fixtures}/${file}${pick}`, place.access);
    expect(opened.image.tree.root.names).toEqual(names);
  });

  test('layers that are links to other layers', async () => {
    await using place = await workplace();
    const source = await openSource(`docker-archive:${fixtures}/test_link.tar:@1`, place.access);
    await using opened = source;
    const root = await opened.resolve();
    await using image = await openImage(`docker-archive:${fixtures}/test_link.tar:@1`, place.access);
    expect(image.image.layers.length).toBe(2);
    expect(image.descriptor).toEqual(root);
  });

  test('several images, and none is named', async () => {
    await using place = await workplace();
    const opened = openSource(`docker-archive:${fixtures}/test_bundle.tar`, place.access);
    await expect(opened).rejects.toMatchObject({ code: 'USAGE', hint: /test_image_1.*test_image_2/ });
  });

  test('an archive of nothing', async () => {
    await using place = await workplace();
    const opened = openSource(`docker-archive:${fixtures}/null_manifest.tar`, place.access);
    await expect(opened).rejects.toMatchObject({ code: 'NOT_FOUND', message: /holds no image/ });
  });
});

test('an image keeps the manifest that the archive holds, as archives of Docker 25 and later do', async () => {
  await using place = await workplace();
  const [layout, file] = [`${place.dir}/layout`, `${place.dir}/a.tar`];
  const saved = await saveTo(`oci:${layout}`, place);
  const { config, layers } = saved.manifest;
  const member = (descriptor: { digest: string }) => `blobs/sha256/${descriptor.digest.slice(7)}`;
  const entry = { Config: member(config), RepoTags: ['a:b'], Layers: layers.map(member) };
  writeFileSync(`${layout}/manifest.json`, JSON.stringify([entry]));
  execFileSync('tar', ['cf', file, '-C', layout, '.']);
  await using source = await openSource(`docker-archive:${file}`, place.access);
  expect(source.synthesized).toBeUndefined();
  expect((await source.resolve()).digest).toBe(saved.descriptor.digest);
  await using opened = await openImage(`docker-archive:${file}`, place.access);
  expect(opened.image.tree.root.names).toEqual(['a']);
});

async function saveTo(reference: string, { access }: Workplace): Promise<SavedImage> {
  await using sink = await openSink(reference, access);
  return await saveImage(imageOf(treeOf({ '/a': 'x' })), sink);
}

describe('forms', () => {
  test.each([
    ['uncompressed', LAYER],
    ['compressed layers', gzipSync(LAYER)],
  ])('%s, by a name that says nothing', async (_, layer) => {
    await using place = await workplace();
    const file = `${place.dir}/a.tar`;
    const entry = { Config: 'config.json', RepoTags: null, Layers: ['./x/layer.tar'] };
    writeFileSync(
      file,
      tarOf({
        'config.json': config([digestOf(LAYER)]),
        'x/layer.tar': layer,
        'manifest.json': JSON.stringify([entry]),
      }),
    );
    await using opened = await openImage(`docker-archive:${file}`, place.access);
    expect(opened.image.tree.root.names).toEqual(['etc']);
  });

  test('older than Docker 1.10: a chain of layers, one a link', async () => {
    await using place = await workplace();
    const [base, top] = ['aa', 'bb'].map((two) => two.repeat(32)) as [string, string];
    const made = { Cmd: ['/bin/sh', '-c', '#(nop) ADD file'] };
    const file = `${place.dir}/old.tar`;
    writeFileSync(
      file,
      tarOf({
        [`${base}/VERSION`]: '1.0',
        [`${base}/json`]: JSON.stringify({
          id: base,
          os: 'linux',
          architecture: 'arm64',
          created: '2015-01-01T00:00:00Z',
        }),
        [`${base}/layer.tar`]: LAYER,
        [`${top}/VERSION`]: '1.0',
        [`${top}/json`]: JSON.stringify({
          id: top,
          parent: base,
          os: 'linux',
          architecture: 'arm64',
          config: { Cmd: ['sh'] },
          container_config: made,
          created: '2015-01-02T00:00:00Z',
        }),
        [`${top}/layer.tar`]: { link: `../${base}/layer.tar` },
        repositories: JSON.stringify({ 'old/app': { v1: top, v2: top } }),
      }),
    );
    for (const reference of [file, `${file}:old/app:v2`]) {
      await using opened = await openImage(`docker-archive:${reference}`, place.access);
      const { config, layers, tree } = opened.image;
      expect(config).toMatchObject({
        architecture: 'arm64',
        config: { Cmd: ['sh'] },
        created: '2015-01-02T00:00:00Z',
        history: [{}, { created_by: '/bin/sh -c #(nop) ADD file' }],
      });
      expect(layers.map((layer) => layer.diffId)).toEqual([digestOf(LAYER), digestOf(LAYER)]);
      expect(tree.root.names).toEqual(['etc']);
    }
    const wrong = openSource(`docker-archive:${file}:old/app:v3`, place.access);
    await expect(wrong).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('archives that are not what they should be', () => {
  const entry = (more = {}) => JSON.stringify([{ Config: 'c.json', RepoTags: ['a:b'], Layers: ['l.tar'], ...more }]);
  const whole = { 'c.json': config([digestOf(LAYER)]), 'l.tar': LAYER, 'manifest.json': entry() };

  test.each([
    ['no archive of an image', { 'some/file': 'x' }, 'NOT_FOUND', /no manifest\.json/],
    ['no config', { ...whole, 'manifest.json': entry({ Config: 'other.json' }) }, 'INVALID', /lacks its member/],
    ['a layer is missing', { ...whole, 'manifest.json': entry({ Layers: ['none'] }) }, 'INVALID', /lacks its member/],
    [
      'more layers than the config says',
      { ...whole, 'manifest.json': entry({ Layers: ['l.tar', 'l.tar'] }) },
      'INVALID',
      /2 layers/,
    ],
    ['a layer that is another', { ...whole, 'l.tar': tarOf({ x: 'y' }) }, 'DIGEST_MISMATCH', /damaged/],
    ['a loop of links', { ...whole, 'l.tar': { link: 'l.tar' } }, 'INVALID', /loop/],
    ['a link out of it', { ...whole, 'l.tar': { link: '../../../etc/passwd' } }, 'INVALID', /lacks its member/],
    ['xz', { ...whole, 'l.tar': Buffer.from('fd377a585a000004', 'hex') }, 'UNSUPPORTED', /xz/],
    ['manifest.json is no list', { ...whole, 'manifest.json': '{}' }, 'INVALID', /expected a list/],
    [
      'a chain without an end',
      { repositories: '{"a":{"b":"aa"}}', 'aa/json': '{"parent":"aa"}', 'aa/layer.tar': LAYER },
      'INVALID',
      /have no end/,
    ],
    ['an id that is a path', { repositories: '{"a":{"b":"../x"}}' }, 'INVALID', /no layer's id/],
  ])('%s', async (_, files, code, message) => {
    await using place = await workplace();
    const file = `${place.dir}/a.tar`;
    writeFileSync(file, tarOf(files));
    await expect(openImage(`docker-archive:${file}`, place.access)).rejects.toMatchObject({ code, message });
  });

  test('no tar at all', async () => {
    await using place = await workplace();
    writeFileSync(`${place.dir}/a.tar`, 'this is a text, and a long one: '.repeat(100));
    const opened = openSource(`docker-archive:${place.dir}/a.tar`, place.access);
    await expect(opened).rejects.toMatchObject({ code: 'INVALID', message: /no archive of an image/ });
  });
});

describe('writing', () => {
  test('layers lie uncompressed under their DiffId, with every name', async () => {
    await using place = await workplace();
    const file = `${place.dir}/a.tar`;
    {
      await using sink = await openSink(`docker-archive:${file}:redis:7`, place.access, {
        names: ['me/redis', 'redis:7'],
      });
      await saveImage(imageOf(treeOf({ '/a': 'x' })), sink);
    }
    const archive = readFileSync(file);
    const names = (await scanAll(archive)).map((entry) => entry.name);
    const [manifest] = JSON.parse(execFileSync('tar', ['xOf', file, 'manifest.json']).toString());
    expect(manifest.RepoTags).toEqual(['redis:7', 'me/redis:latest']);
    expect(names).toEqual([...manifest.Layers, manifest.Config, 'manifest.json']);
    const layer = execFileSync('tar', ['xOf', file, manifest.Layers[0]]);
    expect(`${digestOf(layer).slice(7)}.tar`).toBe(manifest.Layers[0]);
  });

  test('the same image gives the same archive, from whatever it is copied', async () => {
    await using place = await workplace();
    const [layout, one, two] = [`oci:${place.dir}/layout`, `${place.dir}/1.tar`, `${place.dir}/2.tar`];
    for (const to of [layout, `docker-archive:${one}:x`]) {
      await using sink = await openSink(to, place.access);
      await saveImage(imageOf(treeOf({ '/a': 'x', '/b': 'y' })), sink);
    }
    await using source = await openSource(layout, place.access);
    await using sink = await openSink(`docker-archive:${two}:x`, place.access);
    await copyImage(source, sink);
    expect(readFileSync(two).equals(readFileSync(one))).toBe(true);
  });

  test('copied to a layout, layers are compressed, and the image is what saving it there would have given', async () => {
    await using place = await workplace();
    const [archive, layout] = [`docker-archive:${place.dir}/a.tar`, `oci:${place.dir}/layout`];
    const image = imageOf(treeOf({ '/a': 'x'.repeat(5000) }));
    for (const to of [archive, layout]) {
      await using sink = await openSink(to, place.access);
      await saveImage(image, sink);
    }
    await using source = await openSource(archive, place.access);
    await using before = await openSource(layout, place.access);
    await using sink = await openSink(`oci:${place.dir}/copied`, place.access);
    const copied = await copyImage(source, sink);
    expect(copied.digest).toBe((await before.resolve()).digest);
    await using after = await openImage(`oci:${place.dir}/copied`, place.access);
    expect(after.image.source?.manifest.layers[0]?.mediaType).toMatch(/gzip$/);
  });

  test('a compressed archive is read as well', async () => {
    await using place = await workplace();
    const file = `${place.dir}/a.tar`;
    {
      await using sink = await openSink(`docker-archive:${file}`, place.access);
      await saveImage(imageOf(treeOf({ '/a': 'x' })), sink);
    }
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file)));
    expect(gunzipSync(readFileSync(`${file}.gz`)).length).toBeGreaterThan(0);
    await using opened = await openImage(`docker-archive:${file}.gz`, place.access);
    expect(opened.image.tree.root.names).toEqual(['a']);
  });
});

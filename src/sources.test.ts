import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pare } from '../test/cli/pare.ts';
import { imageOf, treeOf, type Workplace, workplace } from '../test/images.ts';
import { type Registry, startRegistry } from '../test/registry/server.ts';
import { copy } from './operations/copy.ts';
import { openSink } from './sinks.ts';
import { openImage } from './sources.ts';
import { saveImage } from './transforms/save/save.ts';

const IMAGE = imageOf(treeOf({ '/a': 'text '.repeat(10_000) }));

async function stocked(place: Workplace) {
  const registry = await startRegistry();
  const reference = `docker://${registry.host}/app:v1`;
  await using sink = await openSink(reference, place.access);
  const { manifest } = await saveImage(IMAGE, sink);
  const layer = manifest.layers[0]?.digest ?? '';
  return { registry, reference, layer, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() };
}

const times = ({ seen }: Registry, layer: string) =>
  seen.filter(({ method, target }) => method === 'GET' && target.endsWith(layer)).length;

test('a layer of a registry is fetched once, however often the image is looked at', async () => {
  await using place = await workplace();
  await using at = await stocked(place);
  for (const _ of [1, 2]) {
    await using opened = await openImage(at.reference, place.access);
    expect(opened.image.tree.root.names).toEqual(['a']);
  }
  expect(times(at.registry, at.layer)).toBe(1);
});

test('what the store holds is not fetched, whoever wants it and by whatever name', async () => {
  await using place = await workplace();
  await using at = await stocked(place);
  await copy({ from: at.reference, to: 'app' }, place.access);
  const before = at.registry.seen.length;
  await copy({ from: at.reference, to: 'other' }, place.access);
  await copy({ from: at.reference, to: `oci:${place.dir}/layout` }, place.access);
  await using opened = await openImage(at.reference, place.access);
  expect(opened.image.tree.root.names).toEqual(['a']);
  expect(times(at.registry, at.layer)).toBe(1);
  const since = at.registry.seen.slice(before).filter(({ target }) => /blobs|manifests\/v1/.test(target));
  expect(since.map(({ method, target }) => `${method} ${target}`)).toEqual(Array(3).fill('HEAD /v2/app/manifests/v1'));
});

test('a blob that has gone from the store is fetched again', async () => {
  await using place = await workplace();
  await using at = await stocked(place);
  await copy({ from: at.reference, to: 'app' }, place.access);
  rmSync(`${place.dir}/store/blobs/sha256/${at.layer.slice(7)}`);
  await copy({ from: at.reference, to: `oci:${place.dir}/layout` }, place.access);
  expect(times(at.registry, at.layer)).toBe(2);
});

test('a file or directory by the name of an image that is nowhere is what was meant', async () => {
  await using place = await workplace();
  const here = process.cwd();
  process.chdir(place.dir);
  try {
    writeFileSync('r.tar', '');
    await expect(openImage('r.tar', place.access)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'the store has no image r.tar',
      hint: expect.stringMatching(/^there is a file r\.tar here: write tar:r\.tar, docker-archive:r\.tar/),
    });
    mkdirSync('127.0.0.1:1/rdir', { recursive: true });
    await expect(openImage('127.0.0.1:1/rdir', place.access)).rejects.toMatchObject({
      hint: expect.stringMatching(
        /^there is a directory 127\.0\.0\.1:1\/rdir here: write rootfs:127.0.0.1:1\/rdir or oci:/,
      ),
    });
  } finally {
    process.chdir(here);
  }
});

test('a name whose file cannot be looked at is an error like any other', async () => {
  await using place = await workplace();
  symlinkSync('loop.tar', `${place.dir}/loop.tar`);
  const { status, stderr } = await pare(['copy', 'loop.tar', 'x'], { cwd: place.dir, env: { PARE_HOME: place.dir } });
  expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringContaining('loop.tar may be meant as a file') });
});

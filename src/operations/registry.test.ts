import { expect, onTestFinished, test } from 'vitest';
import { imageOf, treeOf, workplace } from '../../test/images.ts';
import { startRegistry } from '../../test/registry/server.ts';
import { openSink } from '../sinks.ts';
import type { Access } from '../sources.ts';
import { saveImage } from '../transforms/save/save.ts';
import { deleteImage, push } from './registry.ts';

async function stored(name: string, access: Access): Promise<string> {
  await using sink = await openSink(name, access);
  return (await saveImage(imageOf(treeOf({ '/file': 'text' })), sink)).descriptor.digest;
}

test('an image is pushed by its own name, by another, and by its digest', async () => {
  await using place = await workplace();
  const registry = await startRegistry();
  onTestFinished(() => registry[Symbol.asyncDispose]());
  const digest = await stored(`${registry.host}/own:v1`, place.access);
  expect((await push({ image: `${registry.host}/own:v1` }, place.access)).reference).toBe(
    `docker://${registry.host}/own:v1`,
  );
  await push({ image: `${registry.host}/own:v1`, to: `${registry.host}/other` }, place.access);
  await push({ image: digest, to: `docker://${registry.host}/third:v3` }, place.access);
  const tags = ['own', 'other', 'third'].map((name) => [...registry.storage.repository(name).tags]);
  expect(tags).toEqual([[['v1', digest]], [['latest', digest]], [['v3', digest]]]);
});

test('what cannot be pushed, and where it cannot be pushed to', async () => {
  await using place = await workplace();
  const { access } = place;
  await expect(push({ image: 'nothing' }, access)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const digest = await stored('app', access);
  await expect(push({ image: 'nothing' }, access)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(push({ image: 'oci:dir' }, access)).rejects.toMatchObject({
    code: 'USAGE',
    hint: 'pare copy oci:dir docker://…',
  });
  await expect(push({ image: digest }, access)).rejects.toMatchObject({
    code: 'USAGE',
    hint: expect.stringContaining('pare push IMAGE HOST/NAME:TAG'),
  });
  await expect(push({ image: 'app', to: 'oci:dir' }, access)).rejects.toMatchObject({ code: 'USAGE' });
});

test('only what a registry has is deleted there', async () => {
  await using place = await workplace();
  await expect(deleteImage('app', place.access)).rejects.toMatchObject({
    code: 'USAGE',
    hint: expect.stringContaining('pare rm app'),
  });
  await expect(deleteImage('oci:dir', place.access)).rejects.toMatchObject({ code: 'USAGE' });
});

import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { imageOf, treeOf, workplace } from '../../../test/images.ts';
import { verifyReference } from '../../operations/verify.ts';
import { openSink } from '../../sinks.ts';
import { openImage } from '../../sources.ts';
import { saveImage, writeImage } from '../../transforms/save/save.ts';

const IMAGE = imageOf(treeOf({ '/file': 'text' }));

test('what another has counted on stays, when whoever wrote it gives up', async () => {
  await using place = await workplace();
  const reference = `oci:${place.dir}/layout`;
  {
    await using gone = await openSink(`${reference}:gone`, place.access);
    await writeImage(IMAGE, gone);
    await using other = await openSink(`${reference}:other`, place.access);
    await saveImage(IMAGE, other);
    await other[Symbol.asyncDispose]();
  }
  expect((await verifyReference(`${reference}:other`, place.access)).problems).toEqual([]);
});

test('giving up leaves no directory that was not there, and nothing new in one that was', async () => {
  await using place = await workplace();
  const layout = `${place.dir}/layout`;
  const giveUp = async (image: typeof IMAGE) => {
    await using sink = await openSink(`oci:${layout}:gone`, place.access);
    await writeImage(image, sink);
  };
  await giveUp(IMAGE);
  expect(existsSync(layout)).toBe(false);
  {
    await using sink = await openSink(`oci:${layout}:kept`, place.access);
    await saveImage(IMAGE, sink);
  }
  const before = readdirSync(`${layout}/blobs/sha256`);
  await giveUp(imageOf(treeOf({ '/other': 'text' })));
  expect(readdirSync(`${layout}/blobs/sha256`)).toEqual(before);
  expect(readdirSync(layout).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
});

test('several at once, some of which give up', async () => {
  await using place = await workplace();
  const layout = `oci:${place.dir}/layout`;
  const work = Array.from({ length: 20 }, async (_, i) => {
    await using sink = await openSink(`${layout}:v${i}`, place.access);
    if (i % 2 === 0) await saveImage(imageOf(treeOf({ '/file': `text ${i % 3}` })), sink);
    else await writeImage(imageOf(treeOf({ '/file': `text ${i % 5}` })), sink);
  });
  await Promise.all(work);
  for (let i = 0; i < 20; i += 2) {
    await using opened = await openImage(`${layout}:v${i}`, place.access);
    expect(opened.image.tree.root.names).toEqual(['file']);
  }
});

import { expect, test } from 'vitest';
import { layerLike } from '../../../test/bytes.ts';
import { imageOf, treeOf, workplace } from '../../../test/images.ts';
import { TOC_DIGEST as ESTARGZ } from '../../formats/estargz/names.ts';
import { TOC_DIGEST as ZSTD_CHUNKED } from '../../formats/zstd-chunked/names.ts';
import { copy } from '../../operations/copy.ts';
import { verifyReference } from '../../operations/verify.ts';
import { openSink } from '../../sinks.ts';
import { openImage } from '../../sources.ts';
import { saveImage } from '../save/save.ts';

const TREE = treeOf({ '/etc/name': 'test', '/bin/large': layerLike(5_000_000) });

test.each([
  ['estargz', ESTARGZ],
  ['zstd:chunked', ZSTD_CHUNKED],
] as const)('%s: the image is the same, and its layers can be read file by file', async (compression, mark) => {
  await using place = await workplace();
  const [plain, chunked, made] = ['plain', 'chunked', 'made'].map((name) => `oci:${place.dir}/${name}`) as [
    string,
    string,
    string,
  ];
  {
    await using sink = await openSink(plain, place.access);
    await saveImage(imageOf(TREE), sink, {});
    await using other = await openSink(made, place.access);
    await saveImage(imageOf(TREE), other, { compression });
  }
  await copy({ from: plain, to: chunked, compression }, place.access);
  const manifestOf = async (reference: string) => {
    await using opened = await openImage(reference, place.access);
    expect(opened.image.tree.root.names).toEqual(['bin', 'etc']);
    return {
      layers: opened.image.source?.manifest.layers,
      ids: opened.image.config.rootfs.diff_ids,
      digest: opened.descriptor.digest,
    };
  };
  const [before, after] = [await manifestOf(plain), await manifestOf(chunked)];
  expect(after.layers?.[0]?.annotations?.[mark]).toMatch(/^sha256:/);
  expect(after.layers).toEqual((await manifestOf(made)).layers);
  // eStargz has its table of contents in the tar.
  expect(after.ids[0] === before.ids[0]).toBe(compression === 'zstd:chunked');
  expect((await verifyReference(chunked, place.access)).problems).toEqual([]);
  // Once more changes nothing; a copy keeps what the descriptor says.
  const again = await copy({ from: chunked, to: `oci:${place.dir}/again`, compression }, place.access);
  expect(again).toMatchObject({ descriptor: { digest: after.digest } });
});

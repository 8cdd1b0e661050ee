import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { layerLike } from '../../../test/bytes.ts';
import { imageOf, treeOf, type Workplace, workplace } from '../../../test/images.ts';
import { parseJson } from '../../base/json.ts';
import type { Index } from '../../formats/oci/types.ts';
import { copy } from '../../operations/copy.ts';
import { verifyReference } from '../../operations/verify.ts';
import { openSink } from '../../sinks.ts';
import { openImage, openSource } from '../../sources.ts';
import { saveImage } from '../save/save.ts';

/** Bytes that do not compress. */
function noise(size: number): Buffer {
  const out = Buffer.alloc(size);
  for (let at = 0; at < size; at += 32) createHash('sha256').update(String(at)).digest().copy(out, at);
  return out;
}

const LARGE = noise(12_000_000);

async function save(reference: string, { access }: Workplace, large: Buffer) {
  await using sink = await openSink(reference, access);
  const tree = treeOf({ '/etc/name': 'test', '/large': large });
  const attachments = [{ artifactType: 'application/vnd.test', bytes: Buffer.from('said of it') }];
  return await saveImage(imageOf(tree), sink, { compression: 'zstd:chunked', attachments });
}

function blobs(dir: string): Map<string, number> {
  const names = readdirSync(`${dir}/blobs/sha256`);
  return new Map(names.map((name) => [name, statSync(`${dir}/blobs/sha256/${name}`).size]));
}

describe('an image in pieces', () => {
  test('comes back with the same digests, and with what refers to it', async () => {
    await using place = await workplace();
    const [from, pieces, to] = ['from', 'pieces', 'to'].map((name) => `oci:${place.dir}/${name}`) as [
      string,
      string,
      string,
    ];
    const saved = await save(from, place, LARGE);
    await copy({ from, to: pieces, pieces: true }, place.access);
    const sizes = [...blobs(`${place.dir}/pieces`).values()];
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 * 1024 * 1024);
    expect(sizes.length).toBeGreaterThan(15);
    await copy({ from: pieces, to }, place.access);
    for (const reference of [pieces, to]) {
      await using source = await openSource(reference, place.access);
      const root = await source.resolve();
      expect(root.digest).toBe(saved.descriptor.digest);
      expect(await source.referrers(root.digest)).toHaveLength(1);
      expect((await verifyReference(reference, place.access)).problems).toEqual([]);
    }
    expect(blobs(`${place.dir}/to`).size).toBe(blobs(`${place.dir}/from`).size);
  });

  test('is sent again in the pieces that are new', async () => {
    await using place = await workplace();
    const grown = Buffer.concat([LARGE.subarray(0, 5_000_000), noise(120_000).reverse(), LARGE.subarray(5_000_000)]);
    await save(`oci:${place.dir}/one`, place, LARGE);
    await save(`oci:${place.dir}/two`, place, grown);
    const to = `oci:${place.dir}/pieces`;
    await copy({ from: `oci:${place.dir}/one`, to, pieces: true, referrers: false }, place.access);
    const before = blobs(`${place.dir}/pieces`);
    await copy({ from: `oci:${place.dir}/two`, to, pieces: true, referrers: false }, place.access);
    const after = [...blobs(`${place.dir}/pieces`)].filter(([name]) => !before.has(name));
    // The piece with the header, those around the insertion, the last with the tables; and six documents.
    expect(after.reduce((sum, [, size]) => sum + size, 0)).toBeLessThan(LARGE.length / 2);
    expect(after.length).toBeLessThan(12);
  });

  test('is not read where a piece is another', async () => {
    await using place = await workplace();
    const [from, pieces] = [`oci:${place.dir}/from`, `oci:${place.dir}/pieces`];
    await save(from, place, LARGE);
    await copy({ from, to: pieces, pieces: true }, place.access);
    const dir = `${place.dir}/pieces/blobs/sha256`;
    const [largest] = [...blobs(`${place.dir}/pieces`)].sort(([, a], [, b]) => b - a)[0] ?? [''];
    const bytes = readFileSync(`${dir}/${largest}`);
    bytes[1000] = ~(bytes[1000] ?? 0);
    writeFileSync(`${dir}/${largest}`, bytes);
    const copied = copy({ from: pieces, to: `oci:${place.dir}/to` }, place.access);
    await expect(copied).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  test('is an artifact to whoever does not know of it', async () => {
    await using place = await workplace();
    const to = `oci:${place.dir}/pieces`;
    await save(`oci:${place.dir}/from`, place, LARGE);
    await copy({ from: `oci:${place.dir}/from`, to, pieces: true }, place.access);
    const index = parseJson(readFileSync(`${place.dir}/pieces/index.json`), 'index', 1e6) as unknown as Index;
    const digest = index.manifests[0]?.digest.slice(7);
    const manifest = JSON.parse(readFileSync(`${place.dir}/pieces/blobs/sha256/${digest}`, 'utf8'));
    expect(manifest.config.mediaType).toBe('application/vnd.pare.pieces.v1+json');
  });

  test('is refused by what holds plain images only', async () => {
    await using place = await workplace();
    await save(`oci:${place.dir}/from`, place, Buffer.from('small'));
    for (const to of [
      `docker-archive:${place.dir}/a.tar`,
      `rootfs:${place.dir}/root`,
      `oci-archive:${place.dir}/b`,
      'name',
    ]) {
      const copied = copy({ from: `oci:${place.dir}/from`, to, pieces: true }, place.access);
      await expect(copied).rejects.toMatchObject({ code: 'USAGE' });
    }
  });

  test('may be written while its layers are made', async () => {
    await using place = await workplace();
    mkdirSync(`${place.dir}/root`);
    writeFileSync(`${place.dir}/root/large`, layerLike(6_000_000));
    const to = `oci:${place.dir}/pieces`;
    await copy({ from: `rootfs:${place.dir}/root`, to, pieces: true, compression: 'none', time: 1 }, place.access);
    expect((await verifyReference(to, place.access)).problems).toEqual([]);
    await using opened = await openImage(to, place.access);
    expect(opened.image.tree.root.names).toEqual(['large']);
  });
});

import { readdirSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { imageOf, treeOf, type Workplace, workplace } from '../../../test/images.ts';
import { type DiffId, type Digest, digestOf } from '../../base/digest.ts';
import { canonicalJson } from '../../base/json.ts';
import { pieces } from '../../base/stream.ts';
import { layerCompression, OCI_CONFIG, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST } from '../../formats/oci/media-types.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import { diff } from '../../model/diff.ts';
import { copy } from '../../operations/copy.ts';
import { verifyReference } from '../../operations/verify.ts';
import type { Sink } from '../../ports/content-store.ts';
import { openSink } from '../../sinks.ts';
import { openImage, openSource } from '../../sources.ts';
import type { NewImage, SavedImage } from '../save/image.ts';
import { saveImage, writeImage } from '../save/save.ts';

const BELOW = treeOf({ '/a': 'below'.repeat(1000) });
const ABOVE = treeOf({ '/a': 'above', '/b': 'new' });
const IMAGE = imageOf(BELOW, {
  layers: [
    { kind: 'made', content: BELOW },
    { kind: 'made', content: diff(BELOW, ABOVE), below: BELOW },
  ],
});

async function save(reference: string, { access }: Workplace, image: NewImage = IMAGE): Promise<SavedImage> {
  await using sink = await openSink(reference, access);
  return await saveImage(image, sink);
}

async function push(sink: Sink, mediaType: string, value: unknown): Promise<Descriptor> {
  const bytes = canonicalJson(value);
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  await sink.push(descriptor, pieces(bytes));
  return descriptor;
}

async function compressionsOf(reference: string, { access }: Workplace) {
  await using opened = await openImage(reference, access);
  return opened.image.source?.manifest.layers.map((layer) => layerCompression(layer.mediaType));
}

describe('layers compressed in another way', () => {
  test.each(['none', 'gzip', 'zstd'] as const)('%s: the config and the tree stay', async (compression) => {
    await using place = await workplace();
    const [from, to] = [`oci:${place.dir}/from`, `oci:${place.dir}/to`];
    const saved = await save(from, place);
    const copied = await copy({ from, to, compression }, place.access);
    expect(await compressionsOf(to, place)).toEqual([compression, compression]);
    await using opened = await openImage(to, place.access);
    expect(opened.image.source?.manifest.config.digest).toBe(saved.manifest.config.digest);
    expect(opened.image.tree.root.names).toEqual(['a', 'b']);
    expect((await verifyReference(to, place.access)).problems).toEqual([]);
    // There and back again: always the same bytes.
    await copy({ from: to, to: `oci:${place.dir}/back`, compression: 'gzip' }, place.access);
    await using back = await openImage(`oci:${place.dir}/back`, place.access);
    expect(back.descriptor.digest).toBe(saved.descriptor.digest);
    if (compression === 'gzip') expect(copied).toMatchObject({ descriptor: { digest: saved.descriptor.digest } });
  });

  test('what refers to an image that has another digest now stays behind, with a warning', async () => {
    await using place = await workplace();
    const from = `oci:${place.dir}/from`;
    {
      await using sink = await openSink(from, place.access);
      await saveImage(IMAGE, sink, { attachments: [{ artifactType: 'a/b', bytes: Buffer.from('{}') }] });
    }
    await copy({ from, to: `oci:${place.dir}/to`, compression: 'zstd' }, place.access);
    expect(place.warnings).toEqual([expect.stringMatching(/loses what refers/)]);
    await copy({ from, to: 'kept', referrers: false }, place.access);
    await using source = await openSource('kept', place.access);
    expect(await source.referrers((await source.resolve()).digest)).toEqual([]);
  });
});

async function twoPlatforms(place: Workplace): Promise<string> {
  const reference = `oci:${place.dir}/two`;
  await using sink = await openSink(reference, place.access);
  const manifests: Descriptor[] = [];
  for (const architecture of ['amd64', 'arm64']) {
    const image = imageOf(treeOf({ '/for': architecture }), { platform: { architecture, os: 'linux' } });
    manifests.push((await writeImage(image, sink)).descriptor);
  }
  await sink.commit(await push(sink, OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
  return reference;
}

describe('of an index', () => {
  test('one platform', async () => {
    await using place = await workplace();
    const from = await twoPlatforms(place);
    const platform = { architecture: 'arm64', os: 'linux' };
    const copied = await copy({ from, to: 'one' }, { ...place.access, platform });
    expect(copied).toMatchObject({ descriptor: { mediaType: OCI_MANIFEST } });
    await using opened = await openImage('one', place.access);
    expect(opened.image.config.architecture).toBe('arm64');
    expect(opened.index).toBeUndefined();
  });

  test("this machine's, where the medium holds one platform only", async () => {
    await using place = await workplace();
    await copy({ from: await twoPlatforms(place), to: `docker-archive:${place.dir}/a.tar` }, place.access);
    await using opened = await openImage(`docker-archive:${place.dir}/a.tar`, place.access);
    expect(opened.image.config.architecture).toBe(process.arch === 'x64' ? 'amd64' : 'arm64');
  });
});

test('a root filesystem becomes an image of one layer, as old as its newest file', async () => {
  await using place = await workplace();
  await save(`oci:${place.dir}/a`, place);
  await copy({ from: `oci:${place.dir}/a`, to: `tar:${place.dir}/root.tar` }, place.access);
  await copy({ from: `tar:${place.dir}/root.tar`, to: 'root' }, place.access);
  await using opened = await openImage('root', place.access);
  expect(opened.image.config.created).toBe('2023-11-14T22:13:20Z');
  expect(opened.image.tree.root.names).toEqual(['a', 'b']);
  await copy({ from: 'scratch', to: 'nothing', time: 5 }, place.access);
  await using nothing = await openImage('nothing', place.access);
  expect(nothing.image.config.created).toBe('1970-01-01T00:00:05Z');
});

test('an artifact that is no image is copied byte for byte, and not opened as one', async () => {
  await using place = await workplace();
  const from = `oci:${place.dir}/artifact`;
  {
    await using sink = await openSink(from, place.access);
    const config = await push(sink, OCI_EMPTY, {});
    const layers = [await push(sink, 'application/vnd.example+json', { some: 'thing' })];
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: 'application/vnd.example',
      config,
      layers,
    };
    await sink.commit(await push(sink, OCI_MANIFEST, manifest));
  }
  const copied = await copy({ from, to: 'artifact' }, place.access);
  await using source = await openSource('artifact', place.access);
  expect(copied).toMatchObject({ descriptor: await source.resolve() });
  await expect(openImage('artifact', place.access)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: /application\/vnd\.example/,
  });
});

test('a source that fails names nothing, and leaves nothing in a new layout', async () => {
  await using place = await workplace();
  const { manifest } = await save(`oci:${place.dir}/a`, place);
  const layer = manifest.layers[1]?.digest.slice(7) ?? '';
  rmSync(`${place.dir}/a/blobs/sha256/${layer}`);
  for (const to of [`oci:${place.dir}/b`, `docker-archive:${place.dir}/b.tar`, 'b']) {
    await expect(copy({ from: `oci:${place.dir}/a`, to }, place.access), to).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  }
  expect(readdirSync(place.dir).sort()).toEqual(['a', 'store']);
});

describe('a config that lies about its layers', () => {
  async function lying(place: Workplace, diffIds: (ids: readonly DiffId[]) => readonly Digest[]): Promise<string> {
    const reference = `oci:${place.dir}/lying`;
    await using sink = await openSink(reference, place.access);
    const { manifest, config } = await writeImage(IMAGE, sink);
    const rootfs = { type: 'layers', diff_ids: diffIds(config.rootfs.diff_ids) };
    const other = await push(sink, OCI_CONFIG, { ...config, rootfs });
    await sink.commit(await push(sink, OCI_MANIFEST, { ...manifest, config: other }));
    return reference;
  }

  test('with another DiffId', async () => {
    await using place = await workplace();
    const reference = await lying(place, ([first]) => [first as Digest, digestOf('other')]);
    await expect(openImage(reference, place.access)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    const { problems } = await verifyReference(reference, place.access);
    expect(problems).toEqual([{ digest: expect.any(String), message: expect.stringMatching(/its config says/) }]);
    const saved = copy({ from: reference, to: `docker-archive:${place.dir}/a.tar` }, place.access);
    await expect(saved).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  test('with DiffIds in another order', async () => {
    await using place = await workplace();
    const reference = await lying(place, (ids) => ids.toReversed());
    await expect(openImage(reference, place.access)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  test('with another number of them', async () => {
    await using place = await workplace();
    const reference = await lying(place, ([first]) => [first as Digest]);
    await expect(openImage(reference, place.access)).rejects.toMatchObject({ code: 'INVALID', message: /2 layers/ });
  });
});

describe('saving', () => {
  test("another image's layers are kept as they are, under the OCI's names", async () => {
    await using place = await workplace();
    const base = await save('base', place);
    {
      await using source = await openSource('base', place.access);
      await using sink = await openSink(`oci:${place.dir}/on-base`, place.access);
      const kept = base.manifest.layers.map((descriptor, i) => ({
        kind: 'kept' as const,
        descriptor: { ...descriptor, mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' },
        diffId: base.config.rootfs.diff_ids[i] as DiffId,
        from: source,
      }));
      const above = treeOf({ '/a': 'above', '/b': 'new', '/c': 'more' });
      const made = { kind: 'made' as const, content: diff(ABOVE, above), below: ABOVE };
      const saved = await saveImage(imageOf(above, { layers: [...kept, made] }), sink);
      expect(saved.manifest.layers.slice(0, 2)).toEqual(base.manifest.layers);
      expect(saved.config.history?.length).toBe(3);
    }
    await using opened = await openImage(`oci:${place.dir}/on-base`, place.access);
    expect(opened.image.tree.root.names).toEqual(['a', 'b', 'c']);
  });

  test.each(['none', 'zstd'] as const)('with %s', async (compression) => {
    await using place = await workplace();
    {
      await using sink = await openSink('x', place.access);
      await saveImage(IMAGE, sink, { compression });
    }
    expect(await compressionsOf('x', place)).toEqual([compression, compression]);
  });

  test('a layer of an unknown kind cannot be kept in an image', async () => {
    await using place = await workplace();
    const { manifest, config } = await save('base', place);
    await using source = await openSource('base', place.access);
    await using sink = await openSink('other', place.access);
    const descriptor = {
      ...(manifest.layers[0] as Descriptor),
      mediaType: 'application/vnd.oci.image.layer.v1.tar+encrypted',
    };
    const layers = [{ kind: 'kept' as const, descriptor, diffId: config.rootfs.diff_ids[0] as DiffId, from: source }];
    await expect(saveImage(imageOf(BELOW, { layers }), sink)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

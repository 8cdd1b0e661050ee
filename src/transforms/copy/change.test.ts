/** What a copy changes where it is asked to, and what it keeps whatever it is asked. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { imageOf, treeOf, type Workplace, workplace } from '../../../test/images.ts';
import { ociSchemas } from '../../../test/oci-schemas.ts';
import { type Digest, digestOf } from '../../base/digest.ts';
import { canonicalJson } from '../../base/json.ts';
import { pieces } from '../../base/stream.ts';
import {
  DOCKER_CONFIG,
  DOCKER_INDEX,
  DOCKER_LAYER_GZIP,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_INDEX,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from '../../formats/oci/media-types.ts';
import type { Descriptor, Index, Manifest, Platform } from '../../formats/oci/types.ts';
import { copy } from '../../operations/copy.ts';
import { verifyReference } from '../../operations/verify.ts';
import type { Sink, Source } from '../../ports/content-store.ts';
import { readDocument } from '../../ports/verified.ts';
import { openSink } from '../../sinks.ts';
import { openSource } from '../../sources.ts';
import { saveImage, writeImage } from '../save/save.ts';

const linux = (architecture: string): Platform => ({ architecture, os: 'linux' });
const IN_TOTO = 'application/vnd.in-toto+json';

async function push(sink: Sink, mediaType: string, value: unknown): Promise<Descriptor> {
  return pushBytes(sink, mediaType, canonicalJson(value));
}

async function pushBytes(sink: Sink, mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  await sink.push(descriptor, pieces(bytes));
  return descriptor;
}

/** Three platforms, one of them in an index of its own, the attestation of the first, and something that is no image. */
async function richIndex(place: Workplace, more: { readonly artifact?: boolean } = {}): Promise<string> {
  const reference = `oci:${place.dir}/rich`;
  await using sink = await openSink(reference, place.access);
  const image = async (architecture: string) => {
    const made = imageOf(treeOf({ '/for': architecture.repeat(500) }), { platform: linux(architecture) });
    return (await writeImage(made, sink)).descriptor;
  };
  const [amd64, arm64, s390x] = [await image('amd64'), await image('arm64'), await image('s390x')];
  const statement = await push(sink, IN_TOTO, { subject: [{ digest: amd64.digest }] });
  const rootfs = { type: 'layers', diff_ids: [statement.digest] };
  const unknown = { architecture: 'unknown', os: 'unknown' };
  const attestation = await push(sink, OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: await push(sink, OCI_CONFIG, { ...unknown, config: {}, rootfs }),
    layers: [statement],
  });
  const artifact = await push(sink, OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: 'application/vnd.example',
    config: await push(sink, OCI_EMPTY, {}),
    layers: [await push(sink, 'application/x-example', { some: 'thing' })],
  });
  const nested = await push(sink, OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [s390x] });
  const attested = { 'vnd.docker.reference.digest': amd64.digest, 'vnd.docker.reference.type': 'attestation-manifest' };
  const manifests = [
    { ...amd64, annotations: { 'org.example': 'first' } },
    { ...attestation, platform: unknown, annotations: attested },
    arm64,
    nested,
    ...(more.artifact === false ? [] : [artifact]),
  ];
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests, annotations: { 'org.example': 'all' } };
  await sink.commit(await push(sink, OCI_INDEX, index));
  return reference;
}

interface Documents {
  readonly root: Descriptor;
  readonly index: Index;
  readonly all: ReadonlyMap<Digest, unknown>;
}

/** Every document below a reference; each checked by its schema where it is the OCI's. */
async function documentsOf(reference: string, { access }: Workplace): Promise<Documents> {
  await using source = await openSource(reference, access);
  const root = await source.resolve();
  const all = new Map<Digest, unknown>();
  await gather(source, root, all);
  return { root, index: all.get(root.digest) as Index, all };
}

const schemas = ociSchemas();

async function gather(source: Source, one: Descriptor, all: Map<Digest, unknown>): Promise<void> {
  const value = JSON.parse(Buffer.from(await readDocument(source, one)).toString());
  all.set(one.digest, value);
  expect(value.mediaType).toBe(one.mediaType);
  if (one.mediaType === OCI_INDEX) expect(schemas?.('index', value) ?? []).toEqual([]);
  if (one.mediaType === OCI_MANIFEST) expect(schemas?.('manifest', value) ?? []).toEqual([]);
  for (const child of value.manifests ?? []) await gather(source, child, all);
}

async function imageManifests(reference: string, place: Workplace): Promise<Manifest[]> {
  const { all } = await documentsOf(reference, place);
  return ([...all.values()] as Manifest[]).filter(({ config, layers }) => config && layers[0]?.mediaType !== IN_TOTO);
}

describe('all platforms of an index', () => {
  test.each(['zstd', 'none', 'gzip:9'] as const)(
    'compressed with %s: attestations and artifacts stay',
    async (compression) => {
      await using place = await workplace();
      const from = await richIndex(place);
      const before = await documentsOf(from, place);
      await copy({ from, to: `oci:${place.dir}/to`, compression }, place.access);
      const after = await documentsOf(`oci:${place.dir}/to`, place);
      expect(after.root.digest).not.toBe(before.root.digest);
      expect(after.index.annotations).toEqual({ 'org.example': 'all' });
      const [amd64, attestation, arm64, nested, artifact] = after.index.manifests;
      expect(amd64).toMatchObject({ platform: linux('amd64'), annotations: { 'org.example': 'first' } });
      expect(arm64?.platform).toEqual(linux('arm64'));
      expect(nested?.digest).not.toBe(before.index.manifests[3]?.digest);
      expect(attestation?.digest).toBe(before.index.manifests[1]?.digest);
      expect(attestation?.annotations?.['vnd.docker.reference.digest']).toBe(amd64?.digest);
      expect(artifact).toEqual(before.index.manifests[4]);
      expect(place.warnings).toEqual([expect.stringMatching(/attestation of sha256:.* states the old digest/)]);
      const stored = { zstd: OCI_LAYER_ZSTD, none: OCI_LAYER, 'gzip:9': OCI_LAYER_GZIP }[compression];
      const images = (await imageManifests(`oci:${place.dir}/to`, place)).filter(({ artifactType }) => !artifactType);
      expect(images.map(({ layers }) => layers[0]?.mediaType)).toEqual([stored, stored, stored]);
      expect((await verifyReference(`oci:${place.dir}/to`, place.access)).problems).toEqual([]);
      // And back: the same bytes again, but for the level, which cannot be seen.
      if (compression !== 'gzip:9') {
        await copy({ from: `oci:${place.dir}/to`, to: `oci:${place.dir}/back`, compression: 'gzip' }, place.access);
        expect((await documentsOf(`oci:${place.dir}/back`, place)).root.digest).toBe(before.root.digest);
      }
    },
  );

  test('what is compressed so already keeps every byte', async () => {
    await using place = await workplace();
    const from = await richIndex(place);
    const { root } = await documentsOf(from, place);
    const copied = await copy({ from, to: 'x', compression: 'gzip', preserveDigests: true, all: true }, place.access);
    expect(copied).toMatchObject({ descriptor: { digest: root.digest } });
  });

  test('--all is refused where one platform is kept', async () => {
    await using place = await workplace();
    const to = `docker-archive:${place.dir}/a.tar`;
    const copied = copy({ from: await richIndex(place), to, all: true }, place.access);
    await expect(copied).rejects.toMatchObject({ code: 'USAGE', hint: /--platform/ });
  });
});

describe('some platforms of an index', () => {
  test('an index of them, their attestations, and those of inner indexes', async () => {
    await using place = await workplace();
    const from = await richIndex(place);
    const before = await documentsOf(from, place);
    await copy({ from, to: 'two', platforms: [linux('s390x'), linux('amd64')] }, place.access);
    const after = await documentsOf('two', place);
    const [amd64, attestation, , nested] = before.index.manifests;
    expect(after.index).toEqual({ ...before.index, manifests: [amd64, attestation, nested] });
    expect(place.warnings).toEqual([]);
    await copy({ from, to: 'other', platforms: [linux('arm64'), linux('s390x')] }, place.access);
    const other = await documentsOf('other', place);
    expect(other.index.manifests).toEqual([before.index.manifests[2], nested]);
    await copy({ from, to: 'third', platforms: [linux('arm64'), linux('amd64')] }, place.access);
    const third = await documentsOf('third', place);
    expect(third.index.manifests).toEqual([amd64, attestation, before.index.manifests[2]]);
  });

  test('each has to be there; one medium holds one; one is no index', async () => {
    await using place = await workplace();
    const from = await richIndex(place);
    const missing = copy({ from, to: 'x', platforms: [linux('amd64'), linux('riscv64')] }, place.access);
    await expect(missing).rejects.toMatchObject({ code: 'NOT_FOUND', message: /linux\/riscv64/ });
    const platforms = [linux('amd64'), linux('arm64')];
    for (const to of [`docker-archive:${place.dir}/a.tar`, `tar:${place.dir}/b.tar`]) {
      await expect(copy({ from, to, platforms }, place.access)).rejects.toMatchObject({ code: 'USAGE' });
    }
    const copied = await copy(
      { from, to: 'x', platforms: [linux('arm64'), { ...linux('arm64'), variant: 'v8' }] },
      place.access,
    );
    expect(copied).toMatchObject({ descriptor: { mediaType: OCI_MANIFEST } });
    await expect(copy({ from: 'x', to: 'y', platforms: [linux('amd64')] }, place.access)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: 'it is one for linux/arm64',
    });
    expect(await copy({ from: 'x', to: 'y', platforms: [linux('arm64')] }, place.access)).toEqual(copied);
  });
});

describe("Docker's format", () => {
  test('and back: the same layers and config, and the very manifest', async () => {
    await using place = await workplace();
    const from = `oci:${place.dir}/from`;
    await using sink = await openSink(from, place.access);
    const saved = await saveImage(imageOf(treeOf({ '/a': 'a' })), sink);
    await copy({ from, to: 'docker', format: 'docker' }, place.access);
    const { root, all } = await documentsOf('docker', place);
    const { config, layers } = saved.manifest;
    expect(root.mediaType).toBe(DOCKER_MANIFEST);
    expect(all.get(root.digest)).toEqual({
      schemaVersion: 2,
      mediaType: DOCKER_MANIFEST,
      config: { ...config, mediaType: DOCKER_CONFIG },
      layers: layers.map((layer) => ({ ...layer, mediaType: DOCKER_LAYER_GZIP })),
    });
    expect((await verifyReference('docker', place.access)).problems).toEqual([]);
    const back = await copy({ from: 'docker', to: 'back', format: 'oci' }, place.access);
    expect(back).toMatchObject({ descriptor: { digest: saved.descriptor.digest } });
    const again = await copy({ from: 'docker', to: 'again', format: 'docker', preserveDigests: true }, place.access);
    expect(again).toMatchObject({ descriptor: root });
    expect(place.warnings).toEqual([]);
  });

  test('an index is a manifest list, without annotations and attestations', async () => {
    await using place = await workplace();
    const from = await richIndex(place, { artifact: false });
    await copy({ from, to: 'list', format: 'docker', compression: 'gzip' }, place.access);
    const { root, index } = await documentsOf('list', place);
    expect(root.mediaType).toBe(DOCKER_INDEX);
    expect(Object.keys(index).sort()).toEqual(['manifests', 'mediaType', 'schemaVersion']);
    expect(index.manifests.map(({ mediaType, platform }) => [mediaType, platform])).toEqual([
      [DOCKER_MANIFEST, linux('amd64')],
      [DOCKER_MANIFEST, linux('arm64')],
      [DOCKER_INDEX, undefined],
    ]);
    expect(index.manifests.every(({ annotations }) => annotations === undefined)).toBe(true);
    expect(place.warnings.join('\n')).toMatch(/no attestations.*\n.*annotations/);
    expect((await verifyReference('list', place.access)).problems).toEqual([]);
    // A part of a list is a list.
    await copy({ from: 'list', to: 'part', platforms: [linux('amd64'), linux('arm64')] }, place.access);
    expect((await documentsOf('part', place)).root.mediaType).toBe(DOCKER_INDEX);
  });

  test('has no zstd, and no artifacts', async () => {
    await using place = await workplace();
    await using sink = await openSink('zstd', place.access);
    await saveImage(imageOf(treeOf({ '/a': 'a' })), sink, { compression: 'zstd' });
    const refused = copy({ from: 'zstd', to: 'x', format: 'docker' }, place.access);
    await expect(refused).rejects.toMatchObject({ code: 'UNSUPPORTED', hint: /--compression gzip/ });
    await copy({ from: 'zstd', to: 'x', format: 'docker', compression: 'gzip' }, place.access);
    expect((await documentsOf('x', place)).root.mediaType).toBe(DOCKER_MANIFEST);
    const asked = copy({ from: 'zstd', to: 'y', format: 'docker', compression: 'zstd:chunked' }, place.access);
    await expect(asked).rejects.toMatchObject({ code: 'USAGE' });
    const artifact = copy({ from: await richIndex(place), to: 'y', format: 'docker' }, place.access);
    await expect(artifact).rejects.toMatchObject({ code: 'UNSUPPORTED', message: /application\/vnd\.example/ });
  });
});

describe('digests that are to stay', () => {
  test.each([
    [{ compression: 'zstd' }, /layer sha256:.* compressed anew \(zstd\)/],
    [{ compression: 'gzip:5' }, /compressed anew/],
    [{ format: 'docker' }, /index sha256:.* not in the format docker/],
    [{ platforms: [linux('amd64'), linux('s390x')] }, /left out/],
  ] as const)('%o would change them: nothing is written', async (options, message) => {
    await using place = await workplace();
    const from = await richIndex(place);
    const to = `oci:${place.dir}/to`;
    const copied = copy({ from, to, preserveDigests: true, ...options }, place.access);
    await expect(copied).rejects.toMatchObject({ code: 'CONFLICT', message });
    expect(existsSync(`${place.dir}/to`)).toBe(false);
  });

  test('a medium without manifests', async () => {
    await using place = await workplace();
    await copy({ from: await richIndex(place), to: 'x', platforms: [linux('amd64')] }, place.access);
    const to = `docker-archive:${place.dir}/a.tar`;
    const copied = copy({ from: 'x', to, preserveDigests: true }, place.access);
    await expect(copied).rejects.toMatchObject({ code: 'CONFLICT', message: /keeps no manifest/ });
    await copy({ from: 'x', to }, place.access);
    const back = copy({ from: to, to: 'y', preserveDigests: true }, place.access);
    await expect(back).rejects.toMatchObject({ code: 'CONFLICT', message: /compressed anew/ });
  });
});

test('what must go with the image and cannot is an error', async () => {
  await using place = await workplace();
  {
    await using sink = await openSink('x', place.access);
    const attachments = [{ artifactType: 'a/b', bytes: Buffer.from('{}') }];
    await saveImage(imageOf(treeOf({ '/a': 'a' })), sink, { attachments });
  }
  for (const more of [{ to: `docker-archive:${place.dir}/a.tar` }, { to: 'y', compression: 'none' as const }]) {
    const copied = copy({ from: 'x', referrers: true, ...more }, place.access);
    await expect(copied).rejects.toMatchObject({ code: 'UNSUPPORTED', hint: /--referrers/ });
  }
  expect(existsSync(`${place.dir}/a.tar`)).toBe(false);
  await copy({ from: 'x', to: 'y', referrers: true }, place.access);
  await using source = await openSource('y', place.access);
  expect((await source.referrers((await source.resolve()).digest)).length).toBe(1);
});

test.each([{ format: 'oci' }, { all: true }, { preserveDigests: true }] as const)(
  '%o is not for root filesystems',
  async (more) => {
    await using place = await workplace();
    await expect(copy({ from: 'scratch', to: 'x', ...more }, place.access)).rejects.toMatchObject({ code: 'USAGE' });
  },
);

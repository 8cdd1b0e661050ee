/**
 * Debian's docker-registry, written to by pare: what comes back is what went, other tools read it, and what they write pare
 * copies byte for byte.
 * @module
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/base/digest.ts';
import { canonicalJson } from '../../../src/base/json.ts';
import { pieces } from '../../../src/base/stream.ts';
import {
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_INDEX,
  OCI_LAYER,
  OCI_MANIFEST,
  PARE_EVIDENCE,
} from '../../../src/formats/oci/media-types.ts';
import type { Descriptor } from '../../../src/formats/oci/types.ts';
import { copy } from '../../../src/operations/copy.ts';
import { deleteImage, push } from '../../../src/operations/registry.ts';
import type { Sink } from '../../../src/ports/content-store.ts';
import { readDocument } from '../../../src/ports/verified.ts';
import { openSink } from '../../../src/sinks.ts';
import { openImage, openSource } from '../../../src/sources.ts';
import { saveImage, writeImage } from '../../../src/transforms/save/save.ts';
import { imageOf, treeOf, type Workplace, workplace } from '../../images.ts';
import { ociSchemas } from '../../oci-schemas.ts';
import { startDocker } from '../daemon.ts';
import { machineHas } from '../needs.ts';
import { differencesOf, hardImage } from '../store/fixture.ts';
import { type DockerRegistry, startDockerRegistry } from './docker-registry.ts';

const execute = promisify(execFile);
const { image, tree } = hardImage();
const schemas = ociSchemas();
const HAS_REGISTRY = machineHas({ programs: ['docker-registry', 'htpasswd'] });

/** To the end, and without blocking the test. @returns what it printed */
async function run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const [program, ...args] = words as [string, ...string[]];
  const options = { env: { ...process.env, ...env }, maxBuffer: 1 << 28 };
  return (await execute(program, args, options)).stdout.trim();
}

const skopeo = (verb: string, ...words: string[]) => run(['skopeo', '--insecure-policy', verb, ...words]);

async function pushBytes(sink: Sink, mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  await sink.push(descriptor, pieces(bytes));
  return descriptor;
}

/** Two platforms, what buildkit attests about the first, and two referrers: of the index and of a manifest in it. */
async function saveIndex(reference: string, { access }: Workplace): Promise<Descriptor> {
  await using sink = await openSink(reference, access);
  const { descriptor: amd64 } = await writeImage(image, sink);
  const platform = { architecture: 's390x', os: 'linux' };
  const { descriptor: s390x } = await writeImage(imageOf(treeOf({ '/for': 's390x' }), { platform }), sink);
  const statement = await pushBytes(sink, 'application/vnd.in-toto+json', canonicalJson({ predicate: 'x' }));
  const config = await pushBytes(
    sink,
    OCI_CONFIG,
    canonicalJson({ architecture: 'unknown', os: 'unknown', rootfs: { type: 'layers', diff_ids: [statement.digest] } }),
  );
  const common = { schemaVersion: 2, mediaType: OCI_MANIFEST };
  const attestation = {
    ...(await pushBytes(sink, OCI_MANIFEST, canonicalJson({ ...common, config, layers: [statement] }))),
    annotations: { 'vnd.docker.reference.digest': amd64.digest, 'vnd.docker.reference.type': 'attestation-manifest' },
    platform: { architecture: 'unknown', os: 'unknown' },
  };
  const manifests = [amd64, s390x, attestation];
  const root = await pushBytes(sink, OCI_INDEX, canonicalJson({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
  const empty = await pushBytes(sink, OCI_EMPTY, canonicalJson({}));
  const evidence = await pushBytes(sink, PARE_EVIDENCE, canonicalJson({ why: 'because' }));
  const referrer = { ...common, artifactType: PARE_EVIDENCE, config: empty, layers: [evidence], subject: root };
  const referrers = [await pushBytes(sink, OCI_MANIFEST, canonicalJson(referrer))];
  const described = referrers.map((one) => ({ ...one, artifactType: PARE_EVIDENCE }));
  await sink.commit(root, { referrers: new Map([[root.digest, described]]) });
  return root;
}

async function rootOf(reference: string, { access }: Workplace): Promise<Descriptor> {
  await using source = await openSource(reference, access);
  return await source.resolve();
}

async function referrersOf(reference: string, { access }: Workplace): Promise<readonly Descriptor[]> {
  await using source = await openSource(reference, access);
  return await source.referrers((await source.resolve()).digest);
}

/** What the schemas of the OCI say against an image and all below it. */
async function faultsIn(reference: string, { access }: Workplace): Promise<string[]> {
  if (schemas === undefined) return [];
  await using source = await openSource(reference, access);
  const check = schemas;
  const look = async (one: Descriptor): Promise<string[]> => {
    const document = JSON.parse(Buffer.from(await readDocument(source, one)).toString());
    const own = check(one.mediaType === OCI_INDEX ? 'index' : 'manifest', document);
    const configs = document.config?.mediaType === OCI_CONFIG ? [document.config] : [];
    const config =
      configs.length > 0 ? JSON.parse(Buffer.from(await readDocument(source, configs[0])).toString()) : undefined;
    const below = await Promise.all((document.manifests ?? []).map(look));
    return [
      ...check('descriptor', one),
      ...own,
      ...(config === undefined ? [] : check('config', config)),
      ...below.flat(),
    ];
  };
  const root = await source.resolve();
  const referrers = await source.referrers(root.digest);
  return (await Promise.all([root, ...referrers].map(look))).flat();
}

describe.skipIf(!HAS_REGISTRY).each([
  { title: 'without users', users: undefined },
  { title: 'with users', users: { me: 'secret' } },
])('docker-registry $title', ({ users }) => {
  let registry: DockerRegistry;
  beforeAll(async () => {
    registry = await startDockerRegistry(users === undefined ? {} : { users });
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  /** A place whose user is known to the registry. */
  async function homely(): Promise<Workplace> {
    const place = await workplace();
    mkdirSync(`${place.dir}/.docker`);
    const auth = Buffer.from('me:secret').toString('base64');
    writeFileSync(`${place.dir}/.docker/config.json`, JSON.stringify({ auths: { [registry.host]: { auth } } }));
    return place;
  }

  test('an index goes and comes back: the same digests, attestations and referrers with it', async () => {
    await using place = await homely();
    const there = `docker://${registry.host}/round/trip:v1`;
    const root = await saveIndex(`oci:${place.dir}/a:v1`, place);
    await copy({ from: `oci:${place.dir}/a:v1`, to: there }, place.access);
    await copy({ from: there, to: `oci:${place.dir}/b:v1` }, place.access);
    for (const reference of [there, `oci:${place.dir}/b:v1`]) {
      expect(await rootOf(reference, place)).toEqual(root);
      expect(await faultsIn(reference, place)).toEqual([]);
      const referrers = await referrersOf(reference, place);
      expect(referrers.map(({ artifactType }) => artifactType)).toEqual([PARE_EVIDENCE]);
      await using opened = await openImage(reference, {
        ...place.access,
        platform: { architecture: 'amd64', os: 'linux' },
      });
      expect(await differencesOf(opened.image.tree, tree)).toEqual([]);
    }
    expect(place.warnings).toEqual([]);
  });

  test('large layers, of known and of unknown digest; sha512', async () => {
    await using place = await homely();
    const reference = `docker://${registry.host}/large:v1`;
    const noise = randomBytes(20_000_000);
    await using sink = await openSink(reference, place.access);
    const large = imageOf(treeOf({ '/noise': noise }));
    const { descriptor } = await saveImage(large, sink);
    await copy({ from: reference, to: `oci:${place.dir}/a:v1` }, place.access);
    expect((await rootOf(`oci:${place.dir}/a:v1`, place)).digest).toBe(descriptor.digest);
    await copy({ from: `oci:${place.dir}/a:v1`, to: `docker://${registry.host}/large/again:v1` }, place.access);
    const digest = digestOf(noise, 'sha512');
    const layer = { mediaType: OCI_LAYER, digest, size: noise.length };
    await sink.push(layer, pieces(noise));
    expect(await sink.has(layer)).toBe(true);
  });

  test('from repository to repository of one registry nothing is sent', async () => {
    await using place = await homely();
    const from = `docker://${registry.host}/from:v1`;
    {
      await using sink = await openSink(from, place.access);
      await saveImage(image, sink);
    }
    const steps: string[] = [];
    const report = (progress: { type: string; label?: string }) => {
      if (progress.type === 'bytes') steps.push(progress.label ?? '');
    };
    await copy({ from, to: `docker://${registry.host}/to:v1` }, { ...place.access, run: { report } });
    expect(steps).toEqual([]);
    expect(await rootOf(`docker://${registry.host}/to:v1`, place)).toEqual(await rootOf(from, place));
  });

  test('push and delete', async () => {
    await using place = await homely();
    const { access } = place;
    const name = `${registry.host}/pushed/app`;
    {
      await using sink = await openSink(`${name}:v1`, access);
      await saveImage(image, sink, { attachments: [{ artifactType: PARE_EVIDENCE, bytes: Buffer.from('{}') }] });
    }
    const { reference, descriptor } = await push({ image: `${name}:v1` }, access);
    expect(reference).toBe(`docker://${name}:v1`);
    expect((await rootOf(reference, place)).digest).toBe(descriptor.digest);
    const [referrer] = await referrersOf(reference, place);
    // This registry removes no tags: it says so, and what can be done instead works.
    await expect(deleteImage(reference, access)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining(`pare delete docker://${name}@${descriptor.digest}`),
    });
    await deleteImage(`docker://${name}@${referrer?.digest}`, access);
    expect(await referrersOf(reference, place)).toEqual([]);
    await deleteImage(`docker://${name}@${descriptor.digest}`, access);
    await expect(rootOf(reference, place)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(deleteImage(`docker://${name}@${descriptor.digest}`, access)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe.skipIf(!HAS_REGISTRY)('what pare wrote to docker-registry', () => {
  let registry: DockerRegistry;
  let place: Workplace;
  let written: { readonly reference: string; readonly descriptor: Descriptor; readonly config: string };
  beforeAll(async () => {
    registry = await startDockerRegistry();
    place = await workplace();
    const reference = `docker://${registry.host}/pare/hard:v1`;
    await using sink = await openSink(reference, place.access);
    const { descriptor, manifest } = await saveImage(image, sink);
    written = { reference, descriptor, config: manifest.config.digest };
  });
  afterAll(async () => {
    await place[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });

  /** What another tool has pushed under a name: the config of the image, and the tree. */
  async function expectSame(name: string): Promise<void> {
    const to = `oci:${place.dir}/${name}:v1`;
    await copy({ from: `docker://${registry.host}/${name}:v1`, to }, place.access);
    expect((await rootOf(to, place)).digest).toBe((await rootOf(`docker://${registry.host}/${name}:v1`, place)).digest);
    await using opened = await openImage(to, place.access);
    expect(await differencesOf(opened.image.tree, tree)).toEqual([]);
  }

  test.skipIf(!machineHas({ root: true, programs: ['skopeo', 'umoci'] }))(
    'skopeo and umoci read, and the reverse',
    async () => {
      const out = `${place.dir}/skopeo`;
      await skopeo('copy', '--src-tls-verify=false', written.reference, `oci:${out}:v1`);
      expect((await rootOf(`oci:${out}:v1`, place)).digest).toBe(written.descriptor.digest);
      await run(['umoci', 'unpack', '--image', `${out}:v1`, `${place.dir}/bundle`]);
      await copy(
        { from: `rootfs:${place.dir}/bundle/rootfs`, to: `docker://${registry.host}/unpacked:v1` },
        place.access,
      );
      await using opened = await openImage(`docker://${registry.host}/unpacked:v1`, place.access);
      expect(await differencesOf(opened.image.tree, tree)).toEqual([]);
      for (const [name, format] of [
        ['skopeo-oci', 'oci'],
        ['skopeo-docker', 'v2s2'],
      ] as const) {
        const to = `docker://${registry.host}/${name}:v1`;
        await skopeo('copy', '--format', format, '--dest-tls-verify=false', `oci:${out}:v1`, to);
        await expectSame(name);
      }
    },
  );

  test.skipIf(!machineHas({ root: true, programs: ['buildah'] }))('buildah reads, and the reverse', async () => {
    const roots = ['--root', `${place.dir}/root`, '--runroot', `${place.dir}/run`, '--storage-driver', 'vfs'];
    const buildah = (...words: string[]) => run(['buildah', ...roots, ...words]);
    try {
      const id = await buildah('pull', '--tls-verify=false', written.reference);
      expect(`sha256:${id.split('\n').at(-1)}`).toBe(written.config);
      const container = await buildah('from', '--isolation=chroot', id.split('\n').at(-1) as string);
      await buildah('rm', container);
      await buildah(
        'push',
        '--tls-verify=false',
        id.split('\n').at(-1) as string,
        `docker://${registry.host}/buildah:v1`,
      );
    } finally {
      await run(['rm', '-rf', `${place.dir}/root`, `${place.dir}/run`]);
    }
    await expectSame('buildah');
  });

  test.skipIf(!machineHas({ root: true, programs: ['dockerd', 'docker'] }))(
    'Docker reads, and the reverse',
    async () => {
      await using daemon = await startDocker();
      const name = `${registry.host}/pare/hard:v1`;
      const docker = (...words: string[]) => run(['docker', ...words], daemon.env);
      await docker('pull', '-q', name);
      const [inspected] = JSON.parse(await docker('inspect', name));
      expect(inspected.Id).toBe(written.config);
      expect(inspected.RepoDigests).toEqual([`${registry.host}/pare/hard@${written.descriptor.digest}`]);
      await docker('tag', name, `${registry.host}/docker:v1`);
      await docker('push', '-q', `${registry.host}/docker:v1`);
      await expectSame('docker');
    },
  );
});

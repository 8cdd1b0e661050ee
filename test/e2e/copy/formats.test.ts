/**
 * Indexes and the two formats of manifests at a real registry, beside skopeo's copies of the same: what both make of an image
 * says the same, and Docker runs it.
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/base/digest.ts';
import { canonicalJson } from '../../../src/base/json.ts';
import { pieces } from '../../../src/base/stream.ts';
import { OCI_INDEX } from '../../../src/formats/oci/media-types.ts';
import type { Descriptor, Index, Manifest } from '../../../src/formats/oci/types.ts';
import { copy } from '../../../src/operations/copy.ts';
import { verifyReference } from '../../../src/operations/verify.ts';
import { openSink } from '../../../src/sinks.ts';
import { openImage } from '../../../src/sources.ts';
import { writeImage } from '../../../src/transforms/save/save.ts';
import { type Workplace, workplace } from '../../images.ts';
import { ociSchemas } from '../../oci-schemas.ts';
import { startDocker } from '../daemon.ts';
import { machineHas } from '../needs.ts';
import { output } from '../programs/command.ts';
import { type DockerRegistry, startDockerRegistry } from '../registry/docker-registry.ts';
import { differencesOf, hardImage } from '../store/fixture.ts';

const { image, tree } = hardImage();
const PLATFORMS = ['amd64', 'arm64', 's390x'].map((architecture) => ({ architecture, os: 'linux' }));
const INSECURE = ['--src-tls-verify=false', '--dest-tls-verify=false'];

const skopeo = (...words: string[]) => output(['skopeo', '--insecure-policy', ...words]);

/** The same image for several platforms, and annotations that Docker's format has no place for. */
async function multi(place: Workplace): Promise<string> {
  const reference = `oci:${place.dir}/multi:v1`;
  await using sink = await openSink(reference, place.access);
  const manifests: Descriptor[] = [];
  for (const platform of PLATFORMS) manifests.push((await writeImage({ ...image, platform }, sink)).descriptor);
  const bytes = canonicalJson({ schemaVersion: 2, mediaType: OCI_INDEX, manifests } satisfies Index);
  const root = { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length };
  await sink.push(root, pieces(bytes));
  await sink.commit(root);
  return reference;
}

const has = machineHas({ root: true, programs: ['skopeo', 'docker-registry', 'docker', 'dockerd'] });

describe.skipIf(!has)("beside skopeo's copies", () => {
  let registry: DockerRegistry;
  beforeAll(async () => {
    registry = await startDockerRegistry();
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  const at = (name: string) => `docker://${registry.host}/${name}`;

  async function raw(name: string, digest?: string): Promise<Buffer> {
    const [repository] = name.split(':');
    const reference = digest === undefined ? at(name) : at(`${repository}@${digest}`);
    return Buffer.from(await skopeo('inspect', '--tls-verify=false', '--raw', reference));
  }

  /** Documents instead of their digests: two tools write the same JSON in other words. */
  async function graph(name: string, digest?: string): Promise<unknown> {
    const document = JSON.parse((await raw(name, digest)).toString()) as Index | Manifest;
    if (!('manifests' in document)) return document;
    const entries = [];
    for (const { digest, size: _, ...entry } of document.manifests) {
      entries.push({ ...entry, document: await graph(name, digest) });
    }
    return { ...document, manifests: entries };
  }

  test("an index as Docker's manifest list", async () => {
    await using place = await workplace();
    const from = await multi(place);
    await skopeo('copy', '--all', '--format', 'v2s2', ...INSECURE, from, at('skopeo:list'));
    await copy({ from, to: at('pare:list'), format: 'docker' }, place.access);
    expect(await graph('pare:list')).toEqual(await graph('skopeo:list'));
    // And both ways back.
    await skopeo('copy', '--all', ...INSECURE, at('pare:list'), `oci:${place.dir}/skopeo:v1`);
    await copy({ from: at('pare:list'), to: `oci:${place.dir}/pare:v1`, format: 'oci' }, place.access);
    for (const platform of PLATFORMS) {
      const access = { ...place.access, platform };
      await using original = await openImage(from, access);
      await using byPare = await openImage(`oci:${place.dir}/pare:v1`, access);
      await using bySkopeo = await openImage(`oci:${place.dir}/skopeo:v1`, access);
      expect(byPare.descriptor.digest).toBe(original.descriptor.digest);
      expect(bySkopeo.image.config.rootfs).toEqual(original.image.config.rootfs);
      expect(await differencesOf(bySkopeo.image.tree, tree)).toEqual([]);
    }
    expect((await verifyReference(`oci:${place.dir}/pare:v1`, place.access)).problems).toEqual([]);
  });

  test('an index whole, and a part of it: the same bytes', async () => {
    await using place = await workplace();
    const from = await multi(place);
    await skopeo('copy', '--all', ...INSECURE, from, at('skopeo:all'));
    await copy({ from, to: at('pare:all'), all: true, preserveDigests: true }, place.access);
    expect(await raw('pare:all')).toEqual(await raw('skopeo:all'));
    await copy({ from: at('pare:all'), to: at('pare:two'), platforms: PLATFORMS.slice(0, 2) }, place.access);
    const [all, two] = [JSON.parse(`${await raw('pare:all')}`), JSON.parse(`${await raw('pare:two')}`)];
    expect(two).toEqual({ ...all, manifests: all.manifests.slice(0, 2) });
    expect(ociSchemas()?.('index', two) ?? []).toEqual([]);
    await skopeo('copy', '--all', ...INSECURE, at('pare:two'), `oci:${place.dir}/two:v1`);
    await using arm64 = await openImage(`oci:${place.dir}/two:v1`, {
      ...place.access,
      platform: PLATFORMS[1] as never,
    });
    expect(arm64.descriptor.digest).toBe(all.manifests[1].digest);
  });

  test('every platform compressed anew: skopeo and Docker take it', async () => {
    await using place = await workplace();
    const from = await multi(place);
    await using original = await openImage(from, place.access);
    for (const [compression, format] of [
      ['zstd', 'oci'],
      ['none', 'docker'],
      ['gzip:9', 'docker'],
    ] as const) {
      const name = `pare:${compression.replace(':', '-')}`;
      await copy({ from, to: at(name), compression, format }, place.access);
      await skopeo('copy', '--all', ...INSECURE, at(name), `oci:${place.dir}/${compression.slice(0, 4)}:v1`);
      await using back = await openImage(`oci:${place.dir}/${compression.slice(0, 4)}:v1`, place.access);
      expect(back.image.config.rootfs).toEqual(original.image.config.rootfs);
      expect(await differencesOf(back.image.tree, tree)).toEqual([]);
    }
    await using docker = await startDocker();
    // Docker of Debian 12 (20.10) reads no zstd.
    for (const name of ['pare:none', 'pare:gzip-9']) {
      const pulled = `${registry.host}/${name}`;
      await output(['docker', 'pull', '-q', pulled], docker);
      const id = await output(['docker', 'inspect', '--format', '{{.Id}}', pulled], docker);
      expect(id.trim()).toBe(original.image.source?.manifest.config.digest);
    }
  });
});

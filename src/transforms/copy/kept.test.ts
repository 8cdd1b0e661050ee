/** What a copy keeps, whatever it is asked to change. */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { imageOf, treeOf, type Workplace, workplace } from '../../../test/images.ts';
import { type Digest, digestOf } from '../../base/digest.ts';
import { canonicalJson } from '../../base/json.ts';
import { pieces } from '../../base/stream.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../formats/oci/media-types.ts';
import { parseManifest } from '../../formats/oci/parse.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import { copy } from '../../operations/copy.ts';
import { verifyReference } from '../../operations/verify.ts';
import type { Sink } from '../../ports/content-store.ts';
import { readDocument } from '../../ports/verified.ts';
import { openSink } from '../../sinks.ts';
import { openSource } from '../../sources.ts';
import { writeImage } from '../save/save.ts';

async function push(sink: Sink, mediaType: string, value: unknown): Promise<Descriptor> {
  const bytes = canonicalJson(value);
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  await sink.push(descriptor, pieces(bytes));
  return descriptor;
}

async function manifestAt(reference: string, { access }: Workplace) {
  await using source = await openSource(reference, access);
  const root = await source.resolve();
  return { root, manifest: parseManifest(await readDocument(source, root), root) };
}

describe('a layer that is to be had elsewhere', () => {
  async function withForeign(place: Workplace): Promise<string> {
    const reference = `oci:${place.dir}/foreign`;
    await using sink = await openSink(reference, place.access);
    const { manifest } = await writeImage(imageOf(treeOf({ '/a': 'a' })), sink);
    const layers = manifest.layers.map((layer) => ({
      ...layer,
      mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
      urls: ['https://example.com/layer'],
    }));
    await sink.commit(await push(sink, OCI_MANIFEST, { ...manifest, layers }));
    rmSync(`${place.dir}/foreign/blobs/sha256/${layers[0]?.digest.slice(7)}`);
    return reference;
  }

  test('keeps its descriptor, and is not fetched', async () => {
    await using place = await workplace();
    const from = await withForeign(place);
    const { root, manifest } = await manifestAt(from, place);
    const copied = await copy({ from, to: 'same', compression: 'zstd', preserveDigests: true }, place.access);
    expect(copied).toMatchObject({ descriptor: { digest: root.digest } });
    expect(await verifyReference('same', place.access)).toMatchObject({ blobs: 2, problems: [] });
    await copy({ from, to: 'docker', format: 'docker' }, place.access);
    const docker = await manifestAt('docker', place);
    const mediaType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
    expect(docker.manifest.layers).toEqual(manifest.layers.map((one) => ({ ...one, mediaType })));
  });

  test('is wanted where layers are unpacked', async () => {
    await using place = await workplace();
    const copied = copy({ from: await withForeign(place), to: `docker-archive:${place.dir}/a.tar` }, place.access);
    await expect(copied).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

test('sha512, subjects, unknown types and unknown fields survive every copy', async () => {
  await using place = await workplace();
  const from = `oci:${place.dir}/odd`;
  const sha512 = (bytes: Uint8Array) => `sha512:${createHash('sha512').update(bytes).digest('hex')}` as Digest;
  await using sink = await openSink(from, place.access);
  const odd = async (mediaType: string, text: string): Promise<Descriptor> => {
    const bytes = Buffer.from(text);
    const descriptor = { mediaType, digest: sha512(bytes), size: bytes.length };
    await sink.push(descriptor, pieces(bytes));
    return descriptor;
  };
  const config = { ...(await odd('application/x-config', ' {"a": 1}')), data: 'IHsiYSI6IDF9' };
  const layer = { ...(await odd('application/x-layer+weird', 'weird')), 'org.example.unknown': [1, { b: null }] };
  const subject = { mediaType: OCI_MANIFEST, digest: digestOf('elsewhere'), size: 9 };
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType: 'x/y', config, layers: [layer], subject };
  const inner = await odd(OCI_MANIFEST, JSON.stringify({ ...manifest, unknown: 'field' }, null, 7));
  const manifests = [{ ...inner, artifactType: 'x/y' }, await odd('application/x-no-manifest', 'whatever')];
  const root = await odd(OCI_INDEX, JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }, null, '\t'));
  await sink.commit(root);
  const ways = [from, `oci-archive:${place.dir}/a.tar`, 'stored', `oci:${place.dir}/last`];
  for (const [i, to] of ways.slice(1).entries()) {
    const copied = await copy({ from: ways[i] as string, to, compression: 'zstd', format: 'oci' }, place.access);
    expect(copied).toMatchObject({ descriptor: root });
    expect((await verifyReference(to, place.access)).problems).toEqual([]);
  }
});

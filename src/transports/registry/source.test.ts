/** Reading images from the registry of the tests, which keeps to the specification unless it is told not to. */
import { describe, expect, test } from 'vitest';
import { testAccess } from '../../../test/registry/access.ts';
import type { Handle } from '../../../test/registry/http.ts';
import { type Registry, type RegistryOptions, startRegistry } from '../../../test/registry/server.ts';
import { digestLike, type Repository } from '../../../test/registry/storage.ts';
import type { Answer } from '../../../test/registry/wire.ts';
import type { Digest } from '../../base/digest.ts';
import { collect } from '../../base/stream.ts';
import {
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER,
  OCI_MANIFEST,
} from '../../formats/oci/media-types.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import { parseReference, type RemoteReference } from '../../formats/reference/parse.ts';
import type { RegistryAccess, RegistryEndpoint, Route } from '../../ports/registry-access.ts';
import type { Progress, Run } from '../../ports/run.ts';
import { openRegistrySource, type RegistrySourceOptions, readTags } from './source.ts';

function put(repository: Repository, mediaType: string, document: object | string, like = 'sha256:'): Descriptor {
  const bytes = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
  const digest = digestLike(bytes, like) as Digest;
  repository.manifests.set(digest, { mediaType, bytes });
  return { mediaType, digest, size: bytes.length };
}

function putBlob(repository: Repository, bytes: Uint8Array, like = 'sha256:'): Descriptor {
  const digest = digestLike(bytes, like) as Digest;
  repository.blobs.set(digest, Buffer.from(bytes));
  return { mediaType: OCI_LAYER, digest, size: bytes.length };
}

function manifestOf(repository: Repository, more: object = {}): object {
  const config = { ...putBlob(repository, Buffer.from('{}')), mediaType: OCI_CONFIG };
  const layers = [putBlob(repository, Buffer.from('layer'))];
  return { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers, ...more };
}

/** A registry with one image, `app:v1`. */
async function withImage(options: RegistryOptions = {}) {
  const registry = await startRegistry(options);
  const repository = registry.storage.repository('app');
  const image = put(repository, OCI_MANIFEST, manifestOf(repository));
  repository.tags.set('v1', image.digest);
  return { registry, repository, image, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() };
}

async function sourceAt(
  host: string,
  name: string,
  { access = testAccess(), ...options }: Partial<RegistrySourceOptions> & { access?: RegistryAccess } = {},
) {
  const text = `docker://${host}/${name}`;
  const { named } = parseReference(text) as RemoteReference;
  return await openRegistrySource(named, access, { text, ...options });
}

async function resolved(registry: Registry, name: string): Promise<unknown> {
  await using source = await sourceAt(registry.host, name);
  return await source.resolve().catch((error: unknown) => error);
}

async function bytesOf(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.from(await collect(bytes, 1 << 24, 'the blob'));
}

/** The paths that were asked for, below the repository, with their methods. */
const asked = ({ seen }: Registry) =>
  seen.slice(1).map(({ method, target }) => `${method} ${target.replace(/^\/v2\/app\//, '')}`);

describe('what a reference means', () => {
  test.each([OCI_MANIFEST, DOCKER_MANIFEST])('an image: %s', async (mediaType) => {
    await using registry = await startRegistry();
    const repository = registry.storage.repository('app');
    const image = put(repository, mediaType, manifestOf(repository, { mediaType }));
    repository.tags.set('v1', image.digest);
    expect(await resolved(registry, 'app:v1')).toEqual(image);
    expect(await resolved(registry, `app@${image.digest}`)).toEqual(image);
    // The digest counts where there are both, as with docker.
    expect(await resolved(registry, `app:other@${image.digest}`)).toEqual(image);
  });

  test.each([OCI_INDEX, DOCKER_INDEX])('an index: %s', async (mediaType) => {
    await using registry = await startRegistry();
    const repository = registry.storage.repository('app');
    const index = put(repository, mediaType, { schemaVersion: 2, mediaType, manifests: [] });
    repository.tags.set('v1', index.digest);
    expect(await resolved(registry, 'app:v1')).toEqual(index);
  });

  test('by a digest of sha512', async () => {
    await using registry = await startRegistry();
    const repository = registry.storage.repository('app');
    const image = put(repository, OCI_MANIFEST, manifestOf(repository), 'sha512:');
    expect(await resolved(registry, `app@${image.digest}`)).toEqual(image);
    await using source = await sourceAt(registry.host, `app@${image.digest}`);
    const blob = putBlob(repository, Buffer.from('with a long digest'), 'sha512:');
    expect((await bytesOf(source.fetch(blob))).toString()).toBe('with a long digest');
  });

  test('a document that does not say what it is: the registry does, or its fields do', async () => {
    await using registry = await startRegistry();
    const repository = registry.storage.repository('app');
    const image = { ...manifestOf(repository), mediaType: undefined };
    for (const [told, document, meant] of [
      [OCI_MANIFEST, image, OCI_MANIFEST],
      [`${OCI_MANIFEST.toUpperCase()}; charset=utf-8`, image, OCI_MANIFEST],
      ['application/json', image, OCI_MANIFEST],
      ['text/plain', { ...image, mediaType: DOCKER_MANIFEST }, DOCKER_MANIFEST],
      ['application/octet-stream', { schemaVersion: 2, manifests: [] }, OCI_INDEX],
    ] as const) {
      repository.tags.set('v1', put(repository, told, document).digest);
      expect(await resolved(registry, 'app:v1'), told).toMatchObject({ mediaType: meant });
    }
  });

  test.each<[string, string, object | string, string, RegExp]>([
    [
      'of two meanings',
      OCI_MANIFEST,
      { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] },
      'INVALID',
      /ambiguous/,
    ],
    ['of no meaning', 'application/json', { schemaVersion: 2 }, 'INVALID', /no manifest/],
    ['no JSON', OCI_MANIFEST, 'no JSON', 'INVALID', /not JSON/],
    [
      'schema 1',
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
      { schemaVersion: 1 },
      'UNSUPPORTED',
      /schema 1/,
    ],
    ['schema 1 in disguise', 'application/json', { schemaVersion: 1, fsLayers: [] }, 'UNSUPPORTED', /schema 1/],
    ['without an end', OCI_MANIFEST, ' '.repeat((4 << 20) + 1), 'LIMIT', /more than 4194304 bytes/],
  ])('refused: %s', async (_, mediaType, document, code, message) => {
    await using registry = await startRegistry();
    const repository = registry.storage.repository('app');
    repository.tags.set('v1', put(repository, mediaType, document).digest);
    expect(await resolved(registry, 'app:v1')).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('other bytes than the digest, asked for or stated', async () => {
    const around =
      (handle: Handle): Handle =>
      async (question) => {
        const answer = await handle(question);
        const headers = { ...answer.headers, 'Docker-Content-Digest': `sha256:${'0'.repeat(64)}` };
        return question.url.pathname.includes('/manifests/') ? { ...answer, headers } : answer;
      };
    await using lying = await withImage({ around });
    expect(await resolved(lying.registry, 'app:v1')).toMatchObject({ code: 'DIGEST_MISMATCH' });
    await using place = await withImage();
    const other = `sha256:${'1'.repeat(64)}`;
    place.repository.manifests.set(other, { mediaType: OCI_MANIFEST, bytes: Buffer.from('{"schemaVersion":2}') });
    expect(await resolved(place.registry, `app@${other}`)).toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  test('artifacts and types that nobody knows are read as they are', async () => {
    await using registry = await startRegistry();
    const repository = registry.storage.repository('app');
    const subject = put(repository, OCI_MANIFEST, manifestOf(repository));
    const mediaType = 'application/vnd.oci.artifact.manifest.v1+json';
    const artifact = put(repository, mediaType, { mediaType, artifactType: 'a/b', blobs: [], subject });
    const strange = put(repository, 'application/vnd.example.manifest+json', {
      mediaType: 'application/vnd.example.manifest+json',
    });
    repository.tags.set('v1', artifact.digest);
    expect(await resolved(registry, 'app:v1')).toEqual(artifact);
    await using source = await sourceAt(registry.host, 'app:v1');
    for (const one of [artifact, strange]) {
      expect(await bytesOf(source.fetch(one))).toEqual(repository.manifests.get(one.digest)?.bytes);
    }
    const nowhere = { ...strange, digest: `sha256:${'2'.repeat(64)}` as Digest };
    await expect(bytesOf(source.fetch(nowhere))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('no more requests than are needed', () => {
  test('the manifest once, whoever wants it', async () => {
    await using place = await withImage();
    await using source = await sourceAt(place.registry.host, 'app:v1');
    const root = await source.resolve();
    await source.resolve();
    expect(await bytesOf(source.fetch(root))).toEqual(place.repository.manifests.get(root.digest)?.bytes);
    expect(asked(place.registry)).toEqual(['GET manifests/v1']);
  });

  test('of what is at hand only what a tag means', async () => {
    await using place = await withImage();
    const bytes = place.repository.manifests.get(place.image.digest)?.bytes ?? Buffer.alloc(0);
    const known = async (digest: Digest) =>
      digest === place.image.digest ? { descriptor: place.image, bytes } : undefined;
    await using byTag = await sourceAt(place.registry.host, 'app:v1', { known });
    expect(await byTag.resolve()).toEqual(place.image);
    expect(asked(place.registry)).toEqual(['HEAD manifests/v1']);
    await using byDigest = await sourceAt(place.registry.host, `app@${place.image.digest}`, { known });
    expect(await byDigest.resolve()).toEqual(place.image);
    expect(asked(place.registry).length).toBe(1);
    const other = put(place.repository, OCI_INDEX, { schemaVersion: 2, manifests: [] });
    place.repository.tags.set('new', other.digest);
    await using fresh = await sourceAt(place.registry.host, 'app:new', { known });
    expect(await fresh.resolve()).toEqual(other);
  });

  test('one token, for all that goes on at once, and another for more', async () => {
    await using place = await withImage({ auth: { kind: 'token', users: { me: 'secret' } } });
    const { host } = place.registry;
    const access = testAccess({ credentials: { [host]: { kind: 'basic', username: 'me', password: 'secret' } } });
    await using source = await sourceAt(host, 'app:v1', { access });
    const blobs = Array.from({ length: 10 }, (_, i) => putBlob(place.repository, Buffer.from(`blob ${i}`)));
    const read = await Promise.all(blobs.map((blob) => bytesOf(source.fetch(blob))));
    expect(read.map(String)).toEqual(blobs.map((_, i) => `blob ${i}`));
    expect(place.registry.seen.filter(({ target }) => target.startsWith('/token')).length).toBe(1);
  });
});

/** Answers to GETs of blobs, as they are and as they go over the wire. */
function blobsThat(change: (answer: Answer, n: number) => Answer, ranges: (string | undefined)[] = []) {
  let n = 0;
  return (handle: Handle): Handle =>
    async (question) => {
      const answer = await handle(question);
      if (!question.url.pathname.includes('/blobs/')) return answer;
      ranges.push(question.headers.range);
      return change(answer, n++);
    };
}

describe('blobs', () => {
  const LARGE = Buffer.alloc(3_000_000, 'some bytes, again and again; ');
  const MIDDLE = { place: 'middle', at: 0.5, how: 'end' } as const;

  async function read(registry: Registry, blob: Descriptor): Promise<Buffer | Error> {
    await using source = await sourceAt(registry.host, 'app:v1');
    return await bytesOf(source.fetch(blob)).catch((error: Error) => error);
  }

  test.each([false, true])('are taken up where they were lost; without ranges: %s', async (withoutRanges) => {
    const ranges: (string | undefined)[] = [];
    const around = blobsThat((answer, n) => (n < 3 ? { ...answer, wire: { cut: MIDDLE } } : answer), ranges);
    await using place = await withImage({ around, withoutRanges });
    const blob = putBlob(place.repository, LARGE);
    expect(LARGE.equals((await read(place.registry, blob)) as Buffer)).toBe(true);
    const half = 'bytes=1500000-';
    const later = withoutRanges ? [half, half, half] : [half, 'bytes=2250000-', 'bytes=2625000-'];
    expect(ranges).toEqual([undefined, ...later]);
    const sent = place.registry.seen.reduce((sum, one) => sum + one.sent, 0);
    if (!withoutRanges) expect(sent).toBeLessThan(LARGE.length + 1000);
  });

  test('are given up where nothing more comes', async () => {
    const ranges: (string | undefined)[] = [];
    const around = blobsThat((answer) => ({ ...answer, wire: { cut: { ...MIDDLE, place: 'first-byte' } } }), ranges);
    await using place = await withImage({ around });
    const blob = putBlob(place.repository, LARGE);
    expect(await read(place.registry, blob)).toMatchObject({ code: 'IO' });
    expect(ranges.length).toBe(6);
  });

  test.each<[string, (answer: Answer) => Answer]>([
    ['other bytes', (answer) => ({ ...answer, body: Buffer.alloc(answer.body?.length ?? 0) })],
    ['fewer', (answer) => ({ ...answer, headers: { 'Content-Length': '5' }, body: Buffer.from('fewer') })],
    [
      'more',
      (answer) => ({
        ...answer,
        headers: {},
        body: Buffer.concat([answer.body ?? Buffer.of(), LARGE]),
        wire: { chunk: 1000 },
      }),
    ],
    ['endless ones', (answer) => ({ ...answer, headers: {}, wire: { chunk: 65_536, endless: true } })],
  ])('of a registry that gives %s', async (_, change) => {
    await using place = await withImage({ around: blobsThat(change) });
    const blob = putBlob(place.repository, Buffer.alloc(100_000, 'x'));
    expect(await read(place.registry, blob)).toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(place.registry.seen.at(-1)?.sent).toBeLessThan(8 << 20);
  });

  test('a range other than the one asked for', async () => {
    const around = blobsThat((answer, n) => {
      if (n === 0) return { ...answer, wire: { cut: MIDDLE } };
      return { ...answer, headers: { ...answer.headers, 'Content-Range': `bytes 0-9/${LARGE.length}` } };
    });
    await using place = await withImage({ around });
    expect(await read(place.registry, putBlob(place.repository, LARGE))).toMatchObject({ code: 'INVALID' });
  });

  test('that registries may not hand on come from where their descriptor says', async () => {
    await using elsewhere = await startRegistry();
    const foreign = putBlob(elsewhere.storage.repository('open'), LARGE);
    await using place = await withImage();
    const urls = ['ftp://x/', 'http://127.0.0.1:1/gone', `${elsewhere.origin}/v2/open/blobs/${foreign.digest}`];
    expect(LARGE.equals((await read(place.registry, { ...foreign, urls })) as Buffer)).toBe(true);
    expect(elsewhere.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(await read(place.registry, foreign)).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('stop when nobody reads on', async () => {
    await using place = await withImage();
    const blob = putBlob(place.repository, Buffer.alloc(20_000_000));
    await using source = await sourceAt(place.registry.host, 'app:v1');
    for await (const _ of source.fetch(blob)) break;
    expect(place.registry.seen.at(-1)?.sent).toBeLessThan(10_000_000);
  });
});

describe('what refers to an image', () => {
  const TYPE = 'application/vnd.example';

  function attach({ repository, image }: { repository: Repository; image: Descriptor }, i: number): Descriptor {
    return put(
      repository,
      OCI_MANIFEST,
      manifestOf(repository, { artifactType: TYPE, subject: image, annotations: { i: `${i}` } }),
    );
  }

  async function referrersOf({ registry, image }: { registry: Registry; image: Descriptor }) {
    await using source = await sourceAt(registry.host, 'app:v1');
    return await source.referrers(image.digest);
  }

  test("the registry's list, in pages, sorted", async () => {
    await using place = await withImage({ pageSize: 2 });
    const attached = Array.from({ length: 5 }, (_, i) => attach(place, i));
    const found = await referrersOf(place);
    expect(found.map(({ digest }) => digest)).toEqual(attached.map(({ digest }) => digest).sort());
    expect(found[0]).toMatchObject({ artifactType: TYPE, mediaType: OCI_MANIFEST });
    expect(place.registry.seen.filter(({ target }) => target.includes('/referrers/')).length).toBe(3);
  });

  test('the fallback tag, where the registry keeps no list', async () => {
    await using place = await withImage({ withoutReferrers: true });
    expect(await referrersOf(place)).toEqual([]);
    const one = attach(place, 1);
    const list = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [one] };
    place.repository.tags.set(place.image.digest.replace(':', '-'), put(place.repository, OCI_INDEX, list).digest);
    expect(await referrersOf(place)).toEqual([one]);
  });

  test.each([400, 401, 403, 405, 500])('a registry that answers %d', async (status) => {
    const around =
      (handle: Handle): Handle =>
      async (question) =>
        question.url.pathname.includes('/referrers/') ? { status } : handle(question);
    await using place = await withImage({ around });
    if (status < 500) expect(await referrersOf(place)).toEqual([]);
    else await expect(referrersOf(place)).rejects.toMatchObject({ code: 'IO' });
  });
});

describe('tags', () => {
  const tagsAt = async ({ host }: Registry) => {
    const { named } = parseReference(`docker://${host}/app`) as RemoteReference;
    return await readTags(named, testAccess());
  };
  const linking =
    (link: string, tags: unknown = ['a']) =>
    (handle: Handle): Handle =>
    async (question) => {
      if (!question.url.pathname.endsWith('/tags/list')) return handle(question);
      return { status: 200, headers: { Link: link }, body: Buffer.from(JSON.stringify({ name: 'app', tags })) };
    };

  test('in pages, sorted', async () => {
    await using place = await withImage({ pageSize: 7 });
    const tags = Array.from({ length: 30 }, (_, i) => `t${i}`);
    for (const tag of tags) place.repository.tags.set(tag, place.image.digest);
    expect(await tagsAt(place.registry)).toEqual([...tags, 'v1'].sort());
    expect(asked(place.registry).length).toBe(5);
  });

  test.each([
    ['null', null, []],
    ['twice', ['b', 'a', 'b'], ['a', 'b']],
  ])('%s', async (_, given, expected) => {
    await using place = await withImage({ around: linking('', given) });
    expect(await tagsAt(place.registry)).toEqual(expected);
  });

  test.each<[string, unknown]>([
    ['</v2/app/tags/list?n=1000>; rel="next"', ['a']],
    ['<http://127.0.0.2:9/v2/app/tags/list?last=a>; rel="next"', ['a']],
    ['', ['\u001b[31m']],
    ['', 'a'],
    ['', [1]],
  ])('a list that goes in a circle, or leads away, or is none: %s %j', async (link, tags) => {
    await using place = await withImage({ around: linking(link, tags) });
    await expect(tagsAt(place.registry)).rejects.toMatchObject({ code: 'INVALID' });
    expect(place.registry.seen.length).toBe(2);
  });

  test('of no repository', async () => {
    await using registry = await startRegistry();
    await expect(tagsAt(registry)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('mirrors', () => {
  const at = (registry: Registry, repository: string, pulls: RegistryEndpoint['pulls'] = 'all'): RegistryEndpoint => ({
    host: registry.host,
    repository,
    insecure: false,
    pulls,
  });
  const routed = (...route: RegistryEndpoint[]): RegistryAccess => ({
    ...testAccess(),
    route: async () => route as unknown as Route,
  });

  test('come first, and the registry where they have nothing', async () => {
    await using place = await withImage();
    await using mirror = await startRegistry();
    const access = routed(at(mirror, 'copies/app'), at(place.registry, 'app'));
    await using source = await sourceAt('registry.example', 'app:v1', { access });
    expect(await source.resolve()).toEqual(place.image);
    const copy = mirror.storage.repository('copies/app');
    const blob = putBlob(copy, Buffer.from('mirrored'));
    expect((await bytesOf(source.fetch(blob))).toString()).toBe('mirrored');
    expect(asked(place.registry)).toEqual(['GET manifests/v1']);
    const own = putBlob(place.repository, Buffer.from('its own'));
    expect((await bytesOf(source.fetch(own))).toString()).toBe('its own');
  });

  test('that fail are told of, and the registry goes on where they stopped', async () => {
    const ranges: (string | undefined)[] = [];
    await using place = await withImage({ around: blobsThat((answer) => answer, ranges) });
    const cut = { place: 'middle', at: 0.5, how: 'end' } as const;
    await using mirror = await startRegistry({
      storage: place.registry.storage,
      around: blobsThat((answer, n) => ({ ...answer, wire: { cut: n === 0 ? cut : { ...cut, place: 'after-head' } } })),
    });
    const bytes = Buffer.alloc(1_000_000, 'piece by piece ');
    const blob = putBlob(place.repository, bytes);
    const access = routed(at(mirror, 'app'), at(place.registry, 'app'));
    await using source = await sourceAt('registry.example', 'app:v1', { access });
    const progress: Progress[] = [];
    const run: Run = { report: (one) => progress.push(one) };
    expect(bytes.equals(await bytesOf(source.fetch(blob, run)))).toBe(true);
    expect(ranges).toEqual(['bytes=500000-']);
    expect(progress).toContainEqual({ type: 'warning', text: expect.stringContaining(`a mirror failed: `) });
  });

  test('for digests alone, and for tags alone', async () => {
    await using place = await withImage();
    await using mirror = await startRegistry({ storage: place.registry.storage });
    for (const [pulls, version, asksMirror] of [
      ['digest-only', ':v1', false],
      ['digest-only', `@${place.image.digest}`, true],
      ['tag-only', ':v1', true],
      ['tag-only', `@${place.image.digest}`, false],
    ] as const) {
      const before = mirror.seen.length;
      const access = routed(at(mirror, 'app', pulls), at(place.registry, 'app'));
      await using source = await sourceAt('registry.example', `app${version}`, { access });
      expect(await source.resolve()).toEqual(place.image);
      expect(mirror.seen.length > before, `${pulls} ${version}`).toBe(asksMirror);
    }
  });
});

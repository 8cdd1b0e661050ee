/**
 * Registries that take their time, or never end: a client's time and memory are bounded. Its clock is the real one here, and its
 * patience short.
 * @module
 */
import { describe, expect, test, vi } from 'vitest';
import { digestOf } from '../../src/base/digest.ts';
import type { ImageError } from '../../src/base/errors.ts';
import { pieces } from '../../src/base/stream.ts';
import { parseReference, type RemoteReference } from '../../src/formats/reference/parse.ts';
import { openRegistrySink } from '../../src/transports/registry/sink/sink.ts';
import { openRegistrySource, readTags } from '../../src/transports/registry/source.ts';
import { testAccess } from './access.ts';
import type { Handle, Question } from './http.ts';
import { type Registry, type RegistryOptions, startRegistry } from './server.ts';
import { digestLike } from './storage.ts';
import { type Answer, ENDLESS, type Wire } from './wire.ts';

vi.mock('../../src/transports/registry/timeouts.ts', () => ({
  TIMEOUTS: { connect: 1000, answer: 300, idle: 150, leastBytes: 1000 },
}));

const BYTES = Buffer.alloc(300_000, 'x');
const DESCRIPTOR = { mediaType: 'application/octet-stream', digest: digestOf(BYTES), size: BYTES.length };
const AUTH = { kind: 'token', users: { me: 'secret' } } as const;
/** Milliseconds that all tries together may take; most is waiting, and some of it undici rounds up to seconds. */
const BOUND = 30_000;

type Does = (registry: Registry, name: string) => Promise<unknown>;

function opened({ host }: Registry, name: string) {
  const access = testAccess({
    credentials: { [host]: { kind: 'basic', username: 'me', password: 'secret' } },
    world: { now: Date.now, sleep: async () => undefined, random: () => 0 },
  });
  const reference = parseReference(`docker://${host}/${name}:v1`) as RemoteReference;
  return { access, reference };
}

async function sourceOf(registry: Registry, name: string) {
  const { access, reference } = opened(registry, name);
  return openRegistrySource(reference.named, access, { text: reference.text });
}

/** What a client does, and which request of it the fault is for. */
const ERRANDS: readonly (readonly [name: string, path: RegExp, does: Does])[] = [
  ['the first question', /^\/v2\/$/, async (registry) => (await sourceOf(registry, 'a')).resolve()],
  ['a token', /^\/token$/, async (registry) => (await sourceOf(registry, 'a')).resolve()],
  ['a manifest', /\/manifests\//, async (registry) => (await sourceOf(registry, 'a')).resolve()],
  ['referrers', /\/referrers\//, async (registry) => (await sourceOf(registry, 'a')).referrers(DESCRIPTOR.digest)],
  [
    'tags',
    /\/tags\//,
    async (registry) => {
      const { access, reference } = opened(registry, 'a');
      return readTags(reference.named, access);
    },
  ],
  [
    'a blob',
    /\/blobs\/sha256/,
    async (registry) => {
      for await (const _ of (await sourceOf(registry, 'a')).fetch(DESCRIPTOR));
    },
  ],
  ['a session', /\/uploads\/$/, push],
  ['an upload', /\/uploads\/./, push],
  ['a manifest to be written', /\/manifests\//, pushManifest],
];

async function push(registry: Registry): Promise<void> {
  const { access, reference } = opened(registry, 'b');
  await using sink = await openRegistrySink(reference, access);
  await sink.push(DESCRIPTOR, pieces(BYTES), {}, { again: () => pieces(BYTES) });
}

async function pushManifest(registry: Registry): Promise<void> {
  const { access, reference } = opened(registry, 'b');
  const bytes = Buffer.from('{"schemaVersion":2,"manifests":[]}');
  const root = { mediaType: 'application/vnd.oci.image.index.v1+json', digest: digestOf(bytes), size: bytes.length };
  await using sink = await openRegistrySink(reference, access);
  await sink.push(root, pieces(bytes));
  await sink.commit(root);
}

/** Does the errand where the answers to those requests are changed; how it ended, how long it took, what was sent. */
async function endured(path: RegExp, does: Does, change: (answer: Answer, question: Question) => Promise<Answer>) {
  const around: RegistryOptions['around'] = (handle): Handle => {
    return async (question) => {
      const answer = await handle(question);
      return path.test(question.url.pathname) ? change(answer, question) : answer;
    };
  };
  await using registry = await startRegistry({ auth: AUTH, around });
  const repository = registry.storage.repository('a');
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [] }));
  repository.blobs.set(digestLike(BYTES), BYTES);
  repository.manifests.set(digestLike(manifest), {
    mediaType: 'application/vnd.oci.image.index.v1+json',
    bytes: manifest,
  });
  repository.tags.set('v1', digestLike(manifest));
  const begin = performance.now();
  const error = await does(registry, 'a').then(
    () => undefined,
    (one: unknown) => one as ImageError,
  );
  const sent = Math.max(...registry.seen.map((one) => one.sent));
  return { error, took: performance.now() - begin, sent, last: registry.seen.at(-1) };
}

const never = () => new Promise<never>(() => undefined);
const wired = (wire: Wire) => async (answer: Answer) => ({ ...answer, wire });

describe('time is bounded where', () => {
  const kinds = ['the first question', 'a token', 'a blob', 'an upload'];
  test.concurrent.each(ERRANDS.filter(([name]) => kinds.includes(name)))('%s gets no answer', async (_, path, does) => {
    const { error, took } = await endured(path, does, never);
    expect(error).toMatchObject({ name: 'ImageError', code: 'IO' });
    expect(took).toBeLessThan(BOUND);
  });

  test.concurrent.each(ERRANDS)('%s is answered drop by drop', async (_, path, does) => {
    const big = async (answer: Answer): Promise<Answer> => ({
      ...answer,
      body: Buffer.concat([answer.body ?? Buffer.alloc(0), Buffer.alloc(100_000, ' ')]),
      wire: { drip: { bytes: 1, everyMs: 5 } },
    });
    const { error, took } = await endured(path, does, big);
    // An answer whose body nobody needs may be as slow as it likes: it is not waited for.
    if (error !== undefined) expect(error).toMatchObject({ name: 'ImageError' });
    expect(took).toBeLessThan(BOUND);
  });

  test.concurrent('what is sent is not taken', async () => {
    const stalled: Handle = async (question) => {
      if (question.method !== 'POST') await never();
      return { status: 202, headers: { Location: '/v2/b/blobs/uploads/1?state=x' } };
    };
    const around =
      (handle: Handle): Handle =>
      (question) => {
        return question.url.pathname.includes('/uploads/') ? stalled(question) : handle(question);
      };
    await using registry = await startRegistry({ around });
    const { access, reference } = opened(registry, 'b');
    const large = Buffer.alloc(8 << 20);
    const descriptor = { mediaType: 'x/y', digest: digestOf(large), size: large.length };
    await using sink = await openRegistrySink(reference, access);
    const begin = performance.now();
    await expect(sink.push(descriptor, pieces(large))).rejects.toMatchObject({ name: 'ImageError', code: 'IO' });
    expect(performance.now() - begin).toBeLessThan(BOUND);
  });

  test('a list goes in a circle', async () => {
    const circle = async (answer: Answer, { url }: Question): Promise<Answer> => {
      const link = `<${url.pathname}?last=${url.searchParams.get('last') === 'x' ? 'y' : 'x'}>; rel="next"`;
      return { ...answer, headers: { ...answer.headers, Link: link } };
    };
    for (const name of ['tags', 'referrers']) {
      const [, path, does] = ERRANDS.find((one) => one[0] === name) ?? ERRANDS[0]!;
      const { error } = await endured(path, does, circle);
      expect(error).toMatchObject({ code: 'INVALID', message: expect.stringContaining('no end') });
    }
  });
});

describe('memory is bounded where', () => {
  test.each(ERRANDS)('%s is answered without end', async (_, path, does) => {
    for (const wire of [{ endless: true }, { endless: true, chunk: 65_536 }] as const) {
      const { error, sent, took } = await endured(path, does, wired(wire));
      if (error !== undefined) expect(error).toMatchObject({ name: 'ImageError' });
      expect(sent).toBeLessThan(ENDLESS - (16 << 20));
      expect(took).toBeLessThan(BOUND);
    }
  });

  test.each(ERRANDS)('%s is refused without end', async (_, path, does) => {
    for (const status of [400, 403, 500]) {
      const refused = async (): Promise<Answer> => ({
        status,
        body: Buffer.alloc(16_384, 'x'),
        wire: { endless: true },
      });
      const { error, sent, took } = await endured(path, does, refused);
      // A registry need not know of referrers, nor answer the first question with more than that it is there.
      if (error !== undefined) expect(error).toMatchObject({ name: 'ImageError' });
      expect(sent).toBeLessThan(8 << 20);
      expect(took).toBeLessThan(BOUND);
    }
  });

  test('an answer begins with more than a head', async () => {
    for (const [, path, does] of ERRANDS) {
      const fat = async (answer: Answer): Promise<Answer> => ({
        ...answer,
        headers: { ...answer.headers, 'X-Fat': 'x'.repeat(1 << 20) },
      });
      expect((await endured(path, does, fat)).error).toMatchObject({ name: 'ImageError', code: 'IO' });
    }
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type TestAccess, testAccess } from '../../../../test/registry/access.ts';
import type { Handle, Seen } from '../../../../test/registry/http.ts';
import { type Registry, type RegistryOptions, startRegistry } from '../../../../test/registry/server.ts';
import { type Digest, digestOf } from '../../../base/digest.ts';
import { canonicalJson } from '../../../base/json.ts';
import { pieces } from '../../../base/stream.ts';
import { OCI_CONFIG, OCI_EMPTY, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../../formats/oci/media-types.ts';
import type { Descriptor } from '../../../formats/oci/types.ts';
import { parseReference, type RemoteReference } from '../../../formats/reference/parse.ts';
import type { Origin, Sink } from '../../../ports/content-store.ts';
import { openRegistrySink } from './sink.ts';

const CHUNK = 8 << 20;
const BLOB = 'application/octet-stream';

interface Place {
  readonly registry: Registry;
  readonly sink: Sink;
}

async function opened(options: RegistryOptions = {}, name = 'me/app:v1'): Promise<Place> {
  const registry = await startRegistry(options);
  onTestFinished(() => registry[Symbol.asyncDispose]());
  return { registry, sink: await sinkOf(registry, name) };
}

async function sinkOf(registry: Registry, name: string, access: TestAccess = {}): Promise<Sink> {
  const reference = parseReference(`docker://${registry.host}/${name}`) as RemoteReference;
  const sink = await openRegistrySink(reference, testAccess(access));
  onTestFinished(() => sink[Symbol.asyncDispose]());
  return sink;
}

function descriptorOf(bytes: Uint8Array, mediaType = BLOB, algorithm: 'sha256' | 'sha512' = 'sha256'): Descriptor {
  return { mediaType, digest: digestOf(bytes, algorithm), size: bytes.length };
}

/** The same for the same size, and different everywhere. */
function bytesOf(size: number): Buffer {
  const block = createHash('sha512').update(String(size)).digest();
  const bytes = Buffer.alloc(size, block);
  for (let at = 0; at + 4 <= size; at += 4096) bytes.writeUInt32LE(at, at);
  return bytes;
}

/** In pieces of odd sizes, out of one buffer that is used again, as producers may. */
async function* flowing(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.alloc(100_001);
  for (let at = 0; at < bytes.length; at += buffer.length) {
    const piece = bytes.subarray(at, at + buffer.length);
    buffer.set(piece);
    yield buffer.subarray(0, piece.length);
  }
}

/** A source on this machine, or in another registry. */
function originOf(bytes: Uint8Array, repository?: Origin['repository']): Origin & { readonly asked: () => number } {
  let asked = 0;
  return {
    ...(repository === undefined ? {} : { repository }),
    again: () => {
      asked++;
      return flowing(bytes);
    },
    asked: () => asked,
  };
}

const ELSEWHERE = { host: 'registry.example', path: 'some/where' };

/** Whole, and as they are: compared as a matcher would, megabytes take seconds. */
function isKept({ storage }: Registry, bytes: Buffer, name = 'me/app'): boolean {
  return storage.repository(name).blobs.get(descriptorOf(bytes).digest)?.equals(bytes) === true;
}

const requests = ({ seen }: Registry) => seen.map(({ method, target }) => `${method} ${short(target)}`);
const short = (target: string) =>
  target
    .replace(/uploads\/[^?]+/, 'uploads/ID')
    .replace(/state=[^&]+/, '…')
    .replace(/sha(256|512)(:|%3A)[0-9a-f]+/g, 'DIGEST');
const sent = (registry: Registry, of: (seen: Seen) => boolean = () => true) =>
  registry.seen.filter(of).reduce((sum, { received }) => sum + received, 0);

/** Pushes a manifest with an empty config. */
async function pushImage(sink: Sink, more: object = {}): Promise<Descriptor> {
  const config = canonicalJson({});
  await sink.push(descriptorOf(config, OCI_EMPTY), pieces(config));
  const manifest = canonicalJson({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptorOf(config, OCI_EMPTY),
    layers: [],
    ...more,
  });
  const descriptor = descriptorOf(manifest, OCI_MANIFEST);
  await sink.push(descriptor, pieces(manifest));
  return descriptor;
}

test.each([0, 1, 100, CHUNK - 1, CHUNK])('%i bytes go in one request', async (size) => {
  const { registry, sink } = await opened();
  const bytes = bytesOf(size);
  const descriptor = descriptorOf(bytes);
  expect(await sink.has(descriptor)).toBe(false);
  await sink.push(descriptor, flowing(bytes));
  expect(await sink.has(descriptor)).toBe(true);
  expect(isKept(registry, bytes)).toBe(true);
  expect(requests(registry).slice(1)).toEqual([
    'HEAD /v2/me/app/blobs/DIGEST',
    'POST /v2/me/app/blobs/uploads/',
    'PUT /v2/me/app/blobs/uploads/ID?…&digest=DIGEST',
    'HEAD /v2/me/app/blobs/DIGEST',
  ]);
});

test.each([CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 12345])('%i bytes go in chunks, in order', async (size) => {
  const { registry, sink } = await opened();
  const bytes = bytesOf(size);
  await sink.push(descriptorOf(bytes), flowing(bytes));
  expect(isKept(registry, bytes)).toBe(true);
  expect(sent(registry)).toBe(size);
  const ranges = registry.seen.flatMap(({ headers }) => headers['content-range'] ?? []);
  const starts = Array.from({ length: Math.ceil(size / CHUNK) }, (_, i) => i * CHUNK);
  expect(ranges).toEqual(starts.map((start) => `${start}-${Math.min(start + CHUNK, size) - 1}`));
});

test('chunks are as large as the registry wants them', async () => {
  const { registry, sink } = await opened({ minChunk: CHUNK + 5 });
  const bytes = bytesOf(2 * CHUNK + 5);
  await sink.push(descriptorOf(bytes), flowing(bytes));
  const ranges = registry.seen.flatMap(({ headers }) => headers['content-range'] ?? []);
  expect(ranges).toEqual([`0-${CHUNK + 4}`, `${CHUNK + 5}-${2 * CHUNK + 4}`]);
});

test('a chunk that was cut short, and whose rest is too small to be one, is sent from the source', async () => {
  const minChunk = CHUNK - 1;
  const { registry, sink } = await opened({ minChunk, around: instead(isChunk, 2, cutAfter(5)) });
  const bytes = bytesOf(3 * CHUNK);
  const origin = originOf(bytes, ELSEWHERE);
  await sink.push(descriptorOf(bytes), flowing(bytes), {}, origin);
  expect(isKept(registry, bytes)).toBe(true);
  expect(origin.asked()).toBe(1);
});

test('a registry that wants chunks larger than memory is refused', async () => {
  const { registry, sink } = await opened({ minChunk: 1e12 });
  await expect(sink.push(descriptorOf(bytesOf(10)), flowing(bytesOf(10)))).rejects.toMatchObject({ code: 'LIMIT' });
  expect(registry.storage.repository('me/app').uploads.size).toBe(0);
});

test.each([0, 10, CHUNK, CHUNK + 1, 3 * CHUNK])('%i bytes of unknown digest', async (size) => {
  const { registry, sink } = await opened();
  const bytes = bytesOf(size);
  expect(await sink.write(OCI_LAYER, flowing(bytes))).toEqual(descriptorOf(bytes, OCI_LAYER));
  expect(isKept(registry, bytes)).toBe(true);
});

test('sha512', async () => {
  const { registry, sink } = await opened();
  const bytes = bytesOf(CHUNK + 1);
  const descriptor = descriptorOf(bytes, BLOB, 'sha512');
  await sink.push(descriptor, flowing(bytes));
  expect(await sink.has(descriptor)).toBe(true);
  expect(requests(registry)).toContain('PUT /v2/me/app/blobs/uploads/ID?…&digest=DIGEST');
});

/** Does something instead of answering the n-th request that fits, n from 1. */
function instead(fits: (method: string) => boolean, n: number, act: (handle: Handle) => Handle) {
  let count = 0;
  return (handle: Handle): Handle =>
    (question) =>
      (fits(question.method) && ++count === n ? act(handle) : handle)(question);
}

const isChunk = (method: string) => method === 'PATCH';

/** Takes so many bytes of the body, and hangs up. */
const cutAfter =
  (size: number) =>
  (handle: Handle): Handle =>
  (question) => {
    const body = (async function* () {
      let left = size;
      for await (const piece of question.body) {
        if (left > 0) yield piece.subarray(0, left);
        left -= piece.length;
        if (left <= 0) break;
      }
      question.hangUp('reset');
      throw new Error('cut');
    })();
    return handle({ ...question, body });
  };

test.each([2, 1000, 5_000_000, CHUNK])('a chunk of which %i bytes got through: the rest is sent', async (size) => {
  const { registry, sink } = await opened({ around: instead(isChunk, 2, cutAfter(size)) });
  const bytes = bytesOf(3 * CHUNK);
  const origin = originOf(bytes, ELSEWHERE);
  await sink.push(descriptorOf(bytes), flowing(bytes), {}, origin);
  expect(isKept(registry, bytes)).toBe(true);
  expect(origin.asked()).toBe(0);
  const accepted = sent(registry, ({ method, status }) => ['PATCH', 'PUT'].includes(method) && status !== 0);
  expect(accepted).toBe(bytes.length - size);
  expect(requests(registry).filter((one) => one.startsWith('POST')).length).toBe(1);
});

test.each(['PATCH', 'PUT'])('an answer to %s that never came', async (method) => {
  const around = instead(
    (one) => one === method,
    1,
    (handle) => async (question) => {
      await handle(question);
      question.hangUp('reset');
      return { status: 500 };
    },
  );
  const { registry, sink } = await opened({ around });
  const bytes = bytesOf(2 * CHUNK);
  await sink.push(descriptorOf(bytes), flowing(bytes));
  expect(isKept(registry, bytes)).toBe(true);
  expect(sent(registry)).toBe(bytes.length);
});

test('a session that is gone is begun anew: from what is held, or from the source', async () => {
  for (const n of [1, 2]) {
    const around = instead(isChunk, n, (handle) => (question) => {
      registry.storage.repository('me/app').uploads.clear();
      return handle(question);
    });
    const { registry, sink } = await opened({ around });
    const bytes = bytesOf(3 * CHUNK);
    const origin = originOf(bytes, ELSEWHERE);
    await sink.push(descriptorOf(bytes), flowing(bytes), {}, origin);
    expect(isKept(registry, bytes)).toBe(true);
    expect(origin.asked()).toBe(n - 1);
  }
});

test('bytes that come only once cannot be sent again', async () => {
  const around = instead(isChunk, 2, (handle) => (question) => {
    registry.storage.repository('me/app').uploads.clear();
    return handle(question);
  });
  const { registry, sink } = await opened({ around });
  await expect(sink.write(OCI_LAYER, flowing(bytesOf(3 * CHUNK)))).rejects.toMatchObject({
    code: 'IO',
    message: expect.stringContaining('lost'),
  });
});

test.each([undefined, ELSEWHERE])('a registry that takes no chunks gets the whole', async (where) => {
  const refusal = async () => ({ status: 400, body: Buffer.from('{"errors":[{"code":"UNSUPPORTED"}]}') });
  const around =
    (handle: Handle): Handle =>
    (question) =>
      question.method === 'PATCH' ? refusal() : handle(question);
  const { registry, sink } = await opened({ around });
  const bytes = bytesOf(2 * CHUNK);
  await sink.push(descriptorOf(bytes), flowing(bytes), {}, originOf(bytes, where));
  expect(isKept(registry, bytes)).toBe(true);
});

describe('what lies on this machine goes in one request', () => {
  const patches = (registry: Registry) => requests(registry).filter((one) => one.startsWith('PATCH')).length;
  const accepted = (registry: Registry) =>
    sent(registry, ({ method, status }) => ['PATCH', 'PUT'].includes(method) && status !== 0);
  const pushed = async (around: (handle: Handle) => Handle = (handle) => handle) => {
    const { registry, sink } = await opened({ around });
    const bytes = bytesOf(3 * CHUNK + 7);
    await sink.push(descriptorOf(bytes), flowing(bytes), {}, originOf(bytes));
    expect(isKept(registry, bytes)).toBe(true);
    return { registry, bytes };
  };

  test('and what it is is said with the next', async () => {
    const { registry, bytes } = await pushed();
    expect([patches(registry), sent(registry)]).toEqual([1, bytes.length]);
  });

  test.each([2, 1000, CHUNK, 3 * CHUNK + 6])('of which %i bytes got through: the rest is sent', async (size) => {
    const { registry, bytes } = await pushed(instead(isChunk, 1, cutAfter(size)));
    expect(accepted(registry)).toBe(bytes.length - size);
    expect(requests(registry).filter((one) => one.startsWith('POST')).length).toBe(1);
  });

  test('whose answer is lost: nothing is sent twice', async () => {
    const { registry } = await pushed(
      instead(isChunk, 1, (handle) => async (question) => {
        await handle(question);
        question.hangUp('reset');
        return { status: 500 };
      }),
    );
    expect([patches(registry), accepted(registry)]).toEqual([1, 0]);
  });

  test('that is too large for what stands before the registry: then in chunks', async () => {
    const { registry } = await pushed(
      (handle) => (question) =>
        question.method === 'PATCH' && Number(question.headers['content-length']) > CHUNK
          ? Promise.resolve({ status: 413 })
          : handle(question),
    );
    expect(patches(registry)).toBe(4);
  });

  test('of a session that is gone: from the first byte on', async () => {
    const { registry, sink } = await opened({
      around: instead(isChunk, 1, (handle) => (question) => {
        registry.storage.repository('me/app').uploads.clear();
        return handle(question);
      }),
    });
    const bytes = bytesOf(2 * CHUNK);
    await sink.push(descriptorOf(bytes), flowing(bytes), {}, originOf(bytes));
    expect(isKept(registry, bytes)).toBe(true);
  });

  test('unless it cannot be read: nothing stays', async () => {
    const { registry, sink } = await opened();
    const bytes = bytesOf(2 * CHUNK);
    async function* broken() {
      yield bytes.subarray(0, CHUNK + 1);
      throw new Error('the source broke');
    }
    await expect(sink.push(descriptorOf(bytes), broken(), {}, { again: broken })).rejects.toThrow('the source broke');
    const abort = new AbortController();
    async function* aborting() {
      yield bytes.subarray(0, CHUNK + 1);
      abort.abort(new Error('enough'));
      yield bytes.subarray(CHUNK + 1);
    }
    const pushing = sink.push(descriptorOf(bytes), aborting(), { signal: abort.signal }, { again: aborting });
    await expect(pushing).rejects.toThrow('enough');
    const { blobs, uploads } = registry.storage.repository('me/app');
    expect([blobs.size, uploads.size]).toEqual([0, 0]);
  });
});

test('a chunk that never gets through is given up, with the registry’s words', async () => {
  const words = Buffer.from('{"errors":[{"code":"UNKNOWN","message":"the disk is full"}]}');
  const around =
    (handle: Handle): Handle =>
    async (question) =>
      question.method === 'PATCH'
        ? { status: 500, headers: { 'Content-Type': 'application/json' }, body: words }
        : handle(question);
  const { registry, sink } = await opened({ around });
  const bytes = bytesOf(2 * CHUNK);
  await expect(sink.push(descriptorOf(bytes), flowing(bytes))).rejects.toMatchObject({
    code: 'IO',
    message: expect.stringContaining('the disk is full'),
  });
  expect(registry.storage.repository('me/app').uploads.size).toBe(0);
});

test('a source that breaks, and a run that is aborted: the session is given up, and nothing stays', async () => {
  const { registry, sink } = await opened();
  const bytes = bytesOf(3 * CHUNK);
  async function* broken() {
    yield bytes.subarray(0, 2 * CHUNK);
    throw new Error('the source broke');
  }
  await expect(sink.push(descriptorOf(bytes), broken())).rejects.toThrow('the source broke');
  const abort = new AbortController();
  async function* aborting() {
    yield bytes.subarray(0, 2 * CHUNK + 1);
    abort.abort(new Error('enough'));
    yield bytes.subarray(2 * CHUNK + 1);
  }
  await expect(sink.push(descriptorOf(bytes), aborting(), { signal: abort.signal })).rejects.toThrow('enough');
  const { blobs, uploads, tags } = registry.storage.repository('me/app');
  expect([blobs.size, uploads.size, tags.size]).toEqual([0, 0, 0]);
  expect(requests(registry).filter((one) => one.startsWith('DELETE')).length).toBe(2);
});

test.each([
  ['other', 4],
  ['four', 5],
  ['four', 3],
])('bytes that are not what was promised are not kept: %s, %i', async (text, size) => {
  const { registry, sink } = await opened();
  for (const mediaType of [BLOB, OCI_MANIFEST]) {
    const descriptor = { mediaType, digest: digestOf(text), size };
    await expect(sink.push(descriptor, pieces(Buffer.from('four')))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await sink.has(descriptor)).toBe(false);
  }
  expect(registry.storage.repository('me/app').uploads.size).toBe(0);
});

test('what another repository has is mounted, and not read', async () => {
  const { registry, sink } = await opened();
  const bytes = bytesOf(1000);
  await sink.push(descriptorOf(bytes), flowing(bytes));
  const other = await sinkOf(registry, 'other/app:v1');
  const before = registry.seen.length;
  const unread = (async function* () {
    expect.unreachable('nothing has to be read');
    yield bytes;
  })();
  const repository = { host: registry.host, path: 'me/app' };
  await other.push(descriptorOf(bytes), unread, {}, { again: () => flowing(bytes), repository });
  expect(requests(registry).slice(before + 1)).toEqual([
    'POST /v2/other/app/blobs/uploads/?mount=DIGEST&from=me%2Fapp',
  ]);
  expect(isKept(registry, bytes, 'other/app')).toBe(true);
});

test('what cannot be mounted is sent, in the session that the registry offers', async () => {
  const { registry, sink } = await opened();
  const bytes = bytesOf(1000);
  const repository = { host: registry.host, path: 'not/there' };
  await sink.push(descriptorOf(bytes), flowing(bytes), {}, { again: () => flowing(bytes), repository });
  expect(requests(registry).filter((one) => one.startsWith('POST')).length).toBe(1);
  expect(isKept(registry, bytes)).toBe(true);
  const elsewhere = { host: 'registry.example', path: 'me/app' };
  const more = bytesOf(2000);
  await sink.push(descriptorOf(more), flowing(more), {}, { again: () => flowing(more), repository: elsewhere });
  expect(requests(registry).filter((one) => one.includes('mount=')).length).toBe(1);
});

test('who may not read the other repository sends the blob; who may not write is told so', async () => {
  const may = (user: string | undefined, repository: string) => user === 'me' && repository === 'me/app';
  const registry = await startRegistry({ auth: { kind: 'token', users: { me: 'secret' }, may } });
  onTestFinished(() => registry[Symbol.asyncDispose]());
  const bytes = bytesOf(1000);
  registry.storage.repository('not/mine').blobs.set(descriptorOf(bytes).digest, bytes);
  const credentials = { [registry.host]: { kind: 'basic', username: 'me', password: 'secret' } } as const;
  const origin = { again: () => flowing(bytes), repository: { host: registry.host, path: 'not/mine' } };
  const sink = await sinkOf(registry, 'me/app:v1', { credentials });
  await sink.push(descriptorOf(bytes), flowing(bytes), {}, origin);
  expect(isKept(registry, bytes)).toBe(true);
  const denied = await sinkOf(registry, 'you/app:v1', { credentials });
  await expect(denied.push(descriptorOf(bytes), flowing(bytes))).rejects.toMatchObject({
    code: 'DENIED',
    message: expect.stringContaining('you/app'),
  });
});

test('an image is named last, by tag or by the digest it has', async () => {
  const { registry, sink } = await opened();
  const root = await pushImage(sink);
  const { tags } = registry.storage.repository('me/app');
  expect(tags.size).toBe(0);
  await sink.commit(root);
  expect([...tags]).toEqual([['v1', root.digest]]);
  await (await sinkOf(registry, `me/app@${root.digest}`)).commit(root);
  const wrong = await sinkOf(registry, `me/app@${digestOf('another')}`);
  await expect(wrong.commit(root)).rejects.toMatchObject({ code: 'CONFLICT' });
  const again = await sinkOf(registry, 'me/app:v2');
  await again.commit(root);
  expect(tags.get('v2')).toBe(root.digest);
  const missing = descriptorOf(bytesOf(10), OCI_MANIFEST);
  await expect(again.commit(missing)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('an index, its children first; a manifest whose blobs are not there is refused in the words of the registry', async () => {
  const { registry, sink } = await opened();
  const child = await pushImage(sink);
  const bytes = canonicalJson({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [child] });
  await sink.push(descriptorOf(bytes, OCI_INDEX), pieces(bytes));
  await sink.commit(descriptorOf(bytes, OCI_INDEX));
  expect(registry.storage.repository('me/app').manifest('v1')?.manifest).toEqual({
    mediaType: OCI_INDEX,
    bytes: Buffer.from(bytes),
  });
  const lacking = { config: { mediaType: OCI_CONFIG, digest: digestOf('x'), size: 1 } };
  await expect(pushImage(sink, lacking)).rejects.toMatchObject({
    code: 'INVALID',
    message: expect.stringMatching(
      /MANIFEST_BLOB_UNKNOWN.*sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881/,
    ),
  });
});

const layerAt = (urls: string[]): Descriptor => ({
  mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  digest: digestOf('foreign'),
  size: 7,
  urls,
});

test('a layer that is to be had elsewhere is not sent', async () => {
  const { registry, sink } = await opened();
  expect(await sink.has(layerAt(['https://example.com/layer']))).toBe(true);
  expect(registry.seen).toEqual([]);
  expect(await sink.has(layerAt([]))).toBe(false);
});

const referringTo = (subject: Descriptor, name: string) => ({
  subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
  artifactType: 'application/vnd.example',
  annotations: { name },
});
const tagOf = (digest: Digest) => digest.replace(':', '-').slice(0, 'sha256-'.length + 64);
const listIn = (registry: Registry, subject: Digest) => {
  const found = registry.storage.repository('me/app').manifest(tagOf(subject));
  return found && JSON.parse(found.manifest.bytes.toString());
};

test('a registry that lists referrers is left to it', async () => {
  const { registry, sink } = await opened();
  const root = await pushImage(sink);
  const referrer = await pushImage(sink, referringTo(root, 'a'));
  await sink.commit(root, { referrers: new Map([[root.digest, [referrer]]]) });
  expect([...registry.storage.repository('me/app').tags.keys()]).toEqual(['v1']);
  // Found there already, by another sink: nothing has told it who lists them.
  await (await sinkOf(registry, 'me/app:v2')).commit(root, { referrers: new Map([[root.digest, [referrer]]]) });
  expect([...registry.storage.repository('me/app').tags.keys()]).toEqual(['v1', 'v2']);
});

test('elsewhere the list is kept under the tag of the subject: what is there stays, and nothing is there twice', async () => {
  const { registry, sink } = await opened({ withoutReferrers: true });
  const root = await pushImage(sink);
  const a = await pushImage(sink, referringTo(root, 'a'));
  await sink.commit(root, { referrers: new Map([[root.digest, [a]]]) });
  const entry = (of: Descriptor, name: string) => ({
    ...of,
    artifactType: 'application/vnd.example',
    annotations: { name },
  });
  const list = (...manifests: object[]) => ({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  expect(listIn(registry, root.digest)).toEqual(list(entry(a, 'a')));
  const again = await sinkOf(registry, 'me/app:v1');
  const b = await pushImage(again, referringTo(root, 'b'));
  await again.commit(root, { referrers: new Map([[root.digest, [a, b]]]) });
  expect(listIn(registry, root.digest)).toEqual(list(entry(a, 'a'), entry(b, 'b')));
  const before = registry.seen.length;
  await (await sinkOf(registry, 'me/app:v1')).commit(root, { referrers: new Map([[root.digest, [a, b]]]) });
  expect(
    requests(registry)
      .slice(before)
      .filter((one) => one.startsWith('PUT')),
  ).toEqual(['PUT /v2/me/app/manifests/v1']);
});

test('of a subject that is no image of ours, and with a config for its type', async () => {
  const { registry, sink } = await opened({ withoutReferrers: true });
  const subject = descriptorOf(bytesOf(50), OCI_MANIFEST, 'sha512');
  const { artifactType: _, ...plain } = referringTo(subject, 'a');
  const root = await pushImage(sink, plain);
  await sink.commit(root);
  expect(listIn(registry, subject.digest)?.manifests).toEqual([
    { ...root, artifactType: OCI_EMPTY, annotations: { name: 'a' } },
  ]);
});

test('a list that somebody else has written over meanwhile is written again', async () => {
  let times = 0;
  const around =
    (handle: Handle): Handle =>
    async (question) => {
      const answer = await handle(question);
      if (question.method === 'PUT' && question.url.pathname.includes('/sha256-') && times++ === 0) {
        const { manifests, tags } = registry.storage.repository('me/app');
        const theirs = Buffer.from(canonicalJson({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [root] }));
        manifests.set(digestOf(theirs), { mediaType: OCI_INDEX, bytes: theirs });
        tags.set(tagOf(root.digest), digestOf(theirs));
      }
      return answer;
    };
  const { registry, sink } = await opened({ withoutReferrers: true, around });
  const root = await pushImage(sink);
  const referrer = await pushImage(sink, referringTo(root, 'a'));
  await sink.commit(root);
  const listed = listIn(registry, root.digest)?.manifests.map(({ digest }: Descriptor) => digest);
  expect(listed).toEqual([root.digest, referrer.digest]);
});

test('a tag that is no list of referrers is left alone', async () => {
  const { registry, sink } = await opened({ withoutReferrers: true });
  const root = await pushImage(sink);
  await (await sinkOf(registry, `me/app:${tagOf(root.digest)}`)).commit(root);
  await pushImage(sink, referringTo(root, 'a'));
  await expect(sink.commit(root)).rejects.toMatchObject({ code: 'CONFLICT' });
  const { tags } = registry.storage.repository('me/app');
  expect([tags.get('v1'), tags.get(tagOf(root.digest))]).toEqual([root.digest, root.digest]);
});

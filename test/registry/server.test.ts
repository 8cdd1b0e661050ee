/** The test registry itself, asked with plain HTTP: a test that leans on it would not show where it is wrong. @module */
import { describe, expect, test } from 'vitest';
import { type Registry, type RegistryOptions, startRegistry } from './server.ts';
import { digestLike } from './storage.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const BYTES = Buffer.from('0123456789');
const DIGEST = digestLike(BYTES);

async function withRegistry(options: RegistryOptions, use: (registry: Registry) => Promise<void>): Promise<void> {
  await using registry = await startRegistry(options);
  await use(registry);
}

async function send(registry: Registry, method: string, path: string, more: RequestInit = {}) {
  const response = await fetch(new URL(path, registry.origin), { method, redirect: 'manual', ...more });
  const body = Buffer.from(await response.arrayBuffer()).toString();
  return { status: response.status, headers: response.headers, body, code: /"code":"(\w+)"/.exec(body)?.[1] };
}

async function session(registry: Registry, repository = 'a'): Promise<string> {
  const { status, headers } = await send(registry, 'POST', `/v2/${repository}/blobs/uploads/`);
  expect(status).toBe(202);
  return headers.get('location') ?? '';
}

async function pushBlob(registry: Registry, bytes: Uint8Array, repository = 'a'): Promise<string> {
  const digest = digestLike(bytes);
  const at = await session(registry, repository);
  const { status } = await send(registry, 'PUT', `${at}&digest=${digest}`, { body: Buffer.from(bytes) });
  expect(status).toBe(201);
  return digest;
}

async function pushManifest(registry: Registry, document: object, reference: string) {
  const body = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, ...document });
  const headers = { 'Content-Type': MANIFEST };
  return {
    digest: digestLike(Buffer.from(body)),
    ...(await send(registry, 'PUT', `/v2/a/manifests/${reference}`, { body, headers })),
  };
}

const descriptor = (digest: string, size: number) => ({ mediaType: 'application/octet-stream', digest, size });

describe('blobs', () => {
  test('whole, in ranges, and not there', () =>
    withRegistry({}, async (registry) => {
      await pushBlob(registry, BYTES);
      const path = `/v2/a/blobs/${DIGEST}`;
      const head = await send(registry, 'HEAD', path);
      expect([head.status, head.headers.get('content-length'), head.body]).toEqual([200, '10', '']);
      for (const [range, status, body, content] of [
        ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
        ['bytes=4-', 206, '456789', 'bytes 4-9/10'],
        ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
        ['bytes=-3', 206, '789', 'bytes 7-9/10'],
        ['bytes=10-', 416, '', 'bytes */10'],
        ['lines=1-2', 200, '0123456789', null],
      ] as const) {
        const answer = await send(registry, 'GET', path, { headers: { Range: range } });
        expect([answer.status, answer.body, answer.headers.get('content-range')], range).toEqual([
          status,
          body,
          content,
        ]);
      }
      expect(await send(registry, 'GET', `/v2/b/blobs/${DIGEST}`)).toMatchObject({ status: 404, code: 'BLOB_UNKNOWN' });
      expect((await send(registry, 'DELETE', path)).status).toBe(202);
      expect((await send(registry, 'HEAD', path)).status).toBe(404);
    }));

  test('from another host, without credentials', () =>
    withRegistry({}, async (store) => {
      await pushBlob(store, BYTES);
      await withRegistry({ storage: store.storage, blobsFrom: () => store.origin }, async (registry) => {
        const { status, headers } = await send(registry, 'GET', `/v2/a/blobs/${DIGEST}`);
        expect(status).toBe(307);
        const location = headers.get('location') ?? '';
        expect((await send(store, 'GET', location)).body).toBe('0123456789');
        const twice = { headers: { Authorization: 'Bearer x' } };
        expect((await send(store, 'GET', location, twice)).status).toBe(400);
      });
    }));
});

describe('uploads', () => {
  test('in chunks, which come in order', () =>
    withRegistry({}, async (registry) => {
      const patch = (at: string, body: string, from: number) =>
        send(registry, 'PATCH', at, { body, headers: { 'Content-Range': `${from}-${from + body.length - 1}` } });
      let at = await session(registry);
      const first = await patch(at, '0123', 0);
      expect([first.status, first.headers.get('range')]).toEqual([202, '0-3']);
      at = first.headers.get('location') ?? '';
      for (const from of [0, 3, 5]) expect((await patch(at, '45', from)).status, `${from}`).toBe(416);
      const status = await send(registry, 'GET', at);
      expect([status.status, status.headers.get('range')]).toEqual([204, '0-3']);
      at = (await patch(status.headers.get('location') ?? '', '456789', 4)).headers.get('location') ?? '';
      const put = await send(registry, 'PUT', `${at}&digest=${DIGEST}`);
      expect([put.status, put.headers.get('docker-content-digest')]).toEqual([201, DIGEST]);
      expect((await send(registry, 'GET', at)).code).toBe('BLOB_UPLOAD_UNKNOWN');
    }));

  test('of wrong bytes are refused', () =>
    withRegistry({}, async (registry) => {
      const at = await session(registry);
      const put = await send(registry, 'PUT', `${at}&digest=${DIGEST}`, { body: 'other' });
      expect(put).toMatchObject({ status: 400, code: 'DIGEST_INVALID' });
      expect((await send(registry, 'HEAD', `/v2/a/blobs/${DIGEST}`)).status).toBe(404);
    }));

  test('in one request, by mounting, and given up', () =>
    withRegistry({}, async (registry) => {
      const post = (query: string, body?: string) =>
        send(registry, 'POST', `/v2/a/blobs/uploads/?${query}`, body === undefined ? {} : { body });
      expect((await post(`digest=${DIGEST}`, '0123456789')).status).toBe(201);
      expect((await post(`mount=${digestLike(Buffer.from('x'))}&from=a`)).status).toBe(202);
      const mounted = await send(registry, 'POST', `/v2/b/blobs/uploads/?mount=${DIGEST}&from=a`);
      expect([mounted.status, mounted.headers.get('location')]).toEqual([201, `/v2/b/blobs/${DIGEST}`]);
      const at = await session(registry);
      expect((await send(registry, 'DELETE', at)).status).toBe(204);
      expect((await send(registry, 'PATCH', at, { body: 'x' })).status).toBe(404);
    }));
});

describe('manifests', () => {
  test('are taken with their children only, and found by tag and digest', () =>
    withRegistry({}, async (registry) => {
      const config = descriptor(DIGEST, 10);
      const early = await pushManifest(registry, { config, layers: [] }, 'v1');
      expect(early).toMatchObject({ status: 400, code: 'MANIFEST_BLOB_UNKNOWN' });
      await pushBlob(registry, BYTES);
      const { digest, status } = await pushManifest(registry, { config, layers: [] }, 'v1');
      expect(status).toBe(201);
      for (const reference of ['v1', digest]) {
        const found = await send(registry, 'GET', `/v2/a/manifests/${reference}`);
        expect([digestLike(Buffer.from(found.body)), found.headers.get('content-type')]).toEqual([digest, MANIFEST]);
      }
      const headers = { Accept: 'application/vnd.docker.distribution.manifest.v2+json' };
      expect((await send(registry, 'GET', '/v2/a/manifests/v1', { headers })).code).toBe('MANIFEST_UNKNOWN');
      expect(await pushManifest(registry, { config }, DIGEST)).toMatchObject({ code: 'DIGEST_INVALID' });
      expect((await send(registry, 'DELETE', `/v2/a/manifests/${digest}`)).status).toBe(202);
      expect((await send(registry, 'HEAD', '/v2/a/manifests/v1')).status).toBe(404);
    }));

  test('tags and referrers come in pages', () =>
    withRegistry({ pageSize: 2 }, async (registry) => {
      await pushBlob(registry, BYTES);
      const config = descriptor(DIGEST, 10);
      for (const tag of ['c', 'a', 'e', 'b', 'd']) {
        await pushManifest(registry, { config, subject: descriptor(DIGEST, 10), annotations: { tag } }, tag);
      }
      const walk = async (start: string, items: (body: { tags: string[]; manifests: unknown[] }) => unknown[]) => {
        const pages: unknown[][] = [];
        for (let at: string | undefined = start; at !== undefined; ) {
          const { body, headers } = await send(registry, 'GET', at);
          pages.push(items(JSON.parse(body)));
          at = /<(.+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1];
        }
        return pages;
      };
      expect(await walk('/v2/a/tags/list', ({ tags }) => tags)).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
      const pages = await walk(`/v2/a/referrers/${DIGEST}`, ({ manifests }) => manifests);
      expect(pages.map((one) => one.length)).toEqual([2, 2, 1]);
      const filtered = await send(registry, 'GET', `/v2/a/referrers/${DIGEST}?artifactType=none`);
      expect([JSON.parse(filtered.body).manifests, filtered.headers.get('oci-filters-applied')]).toEqual([
        [],
        'artifactType',
      ]);
    }));
});

describe('credentials', () => {
  const users = { me: 'secret' };
  const basic = (text: string) => ({ headers: { Authorization: `Basic ${Buffer.from(text).toString('base64')}` } });

  test('Basic', () =>
    withRegistry({ auth: { kind: 'basic', users } }, async (registry) => {
      const { status, headers } = await send(registry, 'GET', '/v2/');
      expect([status, headers.get('www-authenticate')]).toEqual([401, 'Basic realm="test"']);
      expect((await send(registry, 'GET', '/v2/', basic('me:wrong'))).status).toBe(401);
      expect((await send(registry, 'GET', '/v2/', basic('me:secret'))).status).toBe(200);
    }));

  test('tokens: for what was asked, for as long as they live', async () => {
    let now = 0;
    const may = (user: string | undefined, _: string, action: string) => user === 'me' || action === 'pull';
    await withRegistry({ auth: { kind: 'token', users, may, lifetime: 60 }, now: () => now }, async (registry) => {
      const first = await send(registry, 'POST', '/v2/a/blobs/uploads/');
      const challenge = first.headers.get('www-authenticate') ?? '';
      expect(challenge).toBe(
        `Bearer realm="${registry.origin}/token",service="test-registry",scope="repository:a:pull,push"`,
      );
      const token = async (more: RequestInit, query = '?scope=repository:a:pull,push') => {
        const answer = await send(registry, more.method ?? 'GET', `/token${query}`, more);
        return answer.status === 200 ? JSON.parse(answer.body) : answer.status;
      };
      const withToken = async (value: string, method = 'POST') => {
        const headers = { Authorization: `Bearer ${value}` };
        return (await send(registry, method, method === 'POST' ? '/v2/a/blobs/uploads/' : '/v2/', { headers })).status;
      };
      expect(await token(basic('me:wrong'))).toBe(401);
      const nobody = await token({});
      expect([await withToken(nobody.token), await withToken(nobody.token, 'GET')]).toEqual([401, 200]);
      const mine = await token(basic('me:secret'));
      expect(await withToken(mine.token)).toBe(202);
      const form = { grant_type: 'password', username: 'me', password: 'secret', access_type: 'offline' };
      const body = new URLSearchParams({ ...form, scope: 'repository:a:pull,push' });
      const long = await token({ method: 'POST', body }, '');
      const again = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: long.refresh_token,
        scope: 'repository:a:pull,push',
      });
      expect(await withToken((await token({ method: 'POST', body: again }, '')).access_token)).toBe(202);
      now = 60_000;
      expect(await withToken(mine.token)).toBe(401);
    });
  });
});

/** The rules of credentials where whole images are read and written; and that no error tells a secret. @module */
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/base/digest.ts';
import type { ImageError } from '../../src/base/errors.ts';
import { pieces } from '../../src/base/stream.ts';
import { parseReference, type RemoteReference } from '../../src/formats/reference/parse.ts';
import { openRegistrySink } from '../../src/transports/registry/sink/sink.ts';
import { openRegistrySource, readTags } from '../../src/transports/registry/source.ts';
import { testAccess } from './access.ts';
import {
  ask,
  BASIC,
  BYTES,
  DIGEST,
  except,
  expectNothingHeard,
  IDENTITY,
  ME,
  PASSWORD,
  redirect,
  registryWith,
  TOKEN,
} from './credential-case.ts';
import { type Eavesdropper, eavesdrop } from './eavesdropper.ts';
import type { Handle } from './http.ts';
import { startRegistry } from './server.ts';

describe('credentials stay where they belong', () => {
  const access = ({ host }: { readonly host: string }) => testAccess({ credentials: { [host]: ME } });
  const named = ({ host }: { readonly host: string }) => parseReference(`docker://${host}/a:v1`) as RemoteReference;

  test('an upload that goes on at another host takes no credentials there', async () => {
    for (const auth of [BASIC, TOKEN]) {
      await using other = await startRegistry();
      await using registry = await startRegistry({ auth, storage: other.storage, uploadsAt: () => other.origin });
      await using sink = await openRegistrySink(named(registry), access(registry));
      await sink.push({ mediaType: 'x/y', digest: digestOf(BYTES), size: BYTES.length }, pieces(BYTES));
      expect(other.storage.repository('a').blobs.get(DIGEST)).toEqual(BYTES);
      expect(other.seen.map(({ method }) => method)).toContain('PUT');
      expect(other.seen.flatMap(({ headers }) => headers.authorization ?? [])).toEqual([]);
    }
  });

  test('a list does not go on at another host', async () => {
    for (const name of ['localhost', '127.0.0.1']) {
      await using eve = await eavesdrop(undefined, { name });
      const around =
        (handle: Handle): Handle =>
        async (question) => {
          const answer = await handle(question);
          return {
            ...answer,
            headers: { ...answer.headers, Link: `<${eve.origin}/v2/a/tags/list?last=x>; rel="next"` },
          };
        };
      await using registry = await registryWith({ auth: BASIC, around });
      registry.storage.repository('a').manifests.set(DIGEST, { mediaType: 'x/y', bytes: BYTES });
      await using source = await openRegistrySource(named(registry).named, access(registry), { text: 'a' });
      await expect(readTags(named(registry).named, access(registry))).rejects.toMatchObject({ code: 'INVALID' });
      const listed = source.referrers(digestOf(BYTES));
      if (name === 'localhost') await expect(listed).rejects.toMatchObject({ code: 'INVALID' });
      else expect(await listed).toEqual([]); // a path of the registry, wherever it says that it is
      expect(eve.seen).toEqual([]);
    }
  });

  test('layers that are elsewhere are asked for without credentials', async () => {
    await using eve: Eavesdropper = await eavesdrop(async () => ({
      status: 401,
      headers: { 'WWW-Authenticate': 'Basic realm="eve"' },
    }));
    await using registry = await startRegistry({ auth: BASIC });
    await using source = await openRegistrySource(named(registry).named, access(registry), { text: 'a' });
    const layer = { mediaType: 'x/y', digest: digestOf(BYTES), size: BYTES.length, urls: [`${eve.origin}/layer`] };
    const error = await Array.fromAsync(source.fetch(layer)).then(
      () => undefined,
      (one: unknown) => one as ImageError,
    );
    expect(error).toMatchObject({ name: 'ImageError' });
    expect(eve.seen.length).toBe(1);
    expectNothingHeard(eve, error === undefined ? {} : { error });
  });

  test("a mirror does not get the registry's credentials", async () => {
    await using eve: Eavesdropper = await eavesdrop(async () => ({
      status: 401,
      headers: { 'WWW-Authenticate': `Bearer realm="${eve.origin}/token"` },
    }));
    await using registry = await registryWith({ auth: TOKEN });
    const { host } = registry;
    const through = {
      ...access(registry),
      route: async () =>
        [
          { host: eve.host, repository: 'a', insecure: false, pulls: 'all' },
          { host, repository: 'a', insecure: false, pulls: 'all' },
        ] as const,
    };
    await using source = await openRegistrySource(named(registry).named, through, { text: 'a' });
    const layer = { mediaType: 'x/y', digest: digestOf(BYTES), size: BYTES.length };
    expect(Buffer.concat(await Array.fromAsync(source.fetch(layer)))).toEqual(BYTES);
    expect(eve.seen.length).toBeGreaterThan(0);
    expectNothingHeard(eve, {});
  });

  test('a reference has no user in it', () => {
    for (const start of ['docker://', 'https://', 'docker-daemon:', '']) {
      const text = `${start}me:${PASSWORD}@localhost:5000/a`;
      expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
      expect(() => parseReference(text)).not.toThrow(PASSWORD);
    }
  });
});

describe('errors tell no secrets', () => {
  const echo: Handle = async ({ headers, url }) => ({
    status: 403,
    headers: { 'Content-Type': 'application/json' },
    body: Buffer.from(JSON.stringify({ errors: [{ code: 'DENIED', message: `${headers.authorization} ${url}` }] })),
  });

  test('that the registry echoes', async () => {
    for (const auth of [BASIC, TOKEN]) {
      await using registry = await registryWith({ auth, around: except(/\/blobs\//, echo) });
      // Whoever authenticates is let through to the echo only with a header.
      const asked = await ask(registry);
      expect(asked.error).toMatchObject({ code: 'DENIED' });
      expectNothingHeard(undefined, asked);
    }
  });

  test('that the token server echoes, or refuses', async () => {
    const echoForm: Handle = async ({ headers, body }) => ({
      status: 400,
      headers: { 'Content-Type': 'text/plain' },
      body: Buffer.from(`bad: ${headers.authorization} ${Buffer.concat(await Array.fromAsync(body))}`),
    });
    for (const credentials of [ME, { kind: 'identity', token: IDENTITY } as const]) {
      await using registry = await registryWith({ auth: TOKEN, around: except(/^\/token$/, echoForm) });
      const asked = await ask(registry, { credentials });
      expect(asked.error).toMatchObject({ code: 'DENIED' });
      expectNothingHeard(undefined, asked);
    }
  });

  test('of a signed address', async () => {
    await using store = await startRegistry();
    const signed = () => `${store.origin}/gone/x?X-Amz-Signature=token-9f8e7d`;
    await using registry = await registryWith({ around: except(/\/blobs\//, redirect(signed)) });
    const asked = await ask(registry);
    expect(asked.error).toMatchObject({ code: 'NOT_FOUND' });
    expectNothingHeard(undefined, asked);
  });

  test('of a proxy', async () => {
    const env = { HTTPS_PROXY: `http://me:${PASSWORD}@127.0.0.1:1` };
    const asked = await ask({ host: 'registry.invalid' }, { env });
    expect(asked.error).toMatchObject({ code: 'IO' });
    expectNothingHeard(undefined, asked);
  });
});

/**
 * Where credentials go, and where they do not: for each rule somebody who would like to have them. Hosts are ports of this
 * machine: another port is another host, as it is for references.
 * @module
 */
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/base/digest.ts';
import type { ImageError } from '../../src/base/errors.ts';
import { pieces } from '../../src/base/stream.ts';
import { parseReference, type RemoteReference } from '../../src/formats/reference/parse.ts';
import type { Credentials } from '../../src/ports/registry-access.ts';
import { openRegistryClient } from '../../src/transports/registry/client.ts';
import { openRegistrySink } from '../../src/transports/registry/sink/sink.ts';
import { openRegistrySource, readTags } from '../../src/transports/registry/source.ts';
import type { RegistryRequest } from '../../src/transports/registry/types.ts';
import { type TestAccess, testAccess } from './access.ts';
import { certificateAuthority } from './certificates.ts';
import { type Eavesdropper, eavesdrop } from './eavesdropper.ts';
import type { Handle } from './http.ts';
import { type Registry, type RegistryOptions, startRegistry } from './server.ts';
import { digestLike } from './storage.ts';

const PASSWORD = 'pa55word-of-mine';
const ME: Credentials = { kind: 'basic', username: 'me', password: PASSWORD };
const IDENTITY = 'refresh-token-of-mine';
const BASIC = { kind: 'basic', users: { me: PASSWORD } } as const;
const TOKEN = { kind: 'token', users: { me: PASSWORD } } as const;
const BYTES = Buffer.from('0123456789');
const DIGEST = digestLike(BYTES);
const SECRETS = [PASSWORD, IDENTITY, Buffer.from(`me:${PASSWORD}`).toString('base64'), 'token-', 'Bearer', 'Basic'];

const ca = certificateAuthority('ca');
const otherCa = certificateAuthority('other-ca');
const TLS = ca.server('127.0.0.1');
const OTHER_TLS = otherCa.server('127.0.0.1');

interface Asked {
  readonly status?: number;
  readonly body?: string;
  readonly error?: ImageError;
}

/** The registry with a blob `DIGEST` in `a`. */
async function registryWith(options: RegistryOptions): Promise<Registry> {
  const registry = await startRegistry(options);
  registry.storage.repository('a').blobs.set(DIGEST, BYTES);
  return registry;
}

const READ: RegistryRequest = {
  method: 'GET',
  target: `/v2/a/blobs/${DIGEST}`,
  scopes: [{ repository: 'a', actions: ['pull'] }],
  expect: [200],
  doing: 'reading the blob',
};

/** One request to the registry, as the user, who is known at this host only. */
async function ask(
  { host }: { readonly host: string },
  {
    credentials = ME,
    insecure = false,
    ...access
  }: Omit<TestAccess, 'credentials'> & { credentials?: Credentials } = {},
  request: Partial<RegistryRequest> = {},
): Promise<Asked> {
  const all = testAccess({ ...access, credentials: { [host]: credentials } });
  await using client = openRegistryClient({ host, insecure }, all);
  try {
    const response = await client.request({ ...READ, ...request });
    return { status: response.status, body: Buffer.from(await response.bytes(1 << 20)).toString() };
  } catch (error) {
    return { error: error as ImageError };
  }
}

/** Nothing secret in what was heard, nor in the error. */
function expectNothingHeard(eve: Eavesdropper | undefined, { error }: Asked): void {
  const texts = [eve?.heard() ?? ''];
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    texts.push(one.message, 'hint' in one ? String(one.hint) : '');
  }
  for (const secret of [PASSWORD, IDENTITY, SECRETS[2] as string, 'token-'])
    expect(texts.join('\n')).not.toContain(secret);
  if (eve !== undefined) for (const word of SECRETS) expect(eve.heard()).not.toContain(word);
}

const redirect =
  (to: () => string, status = 307): Handle =>
  async () => ({ status, headers: { Location: to() } });

/** The registry's own handler, but for some paths. */
const except =
  (path: RegExp, instead: Handle) =>
  (handle: Handle): Handle =>
  (question) =>
    path.test(question.url.pathname) ? instead(question) : handle(question);

describe('a redirect', () => {
  test.each([BASIC, TOKEN])('to another host takes no credentials along: $kind', async (auth) => {
    await using eve = await eavesdrop(async () => ({ status: 200, body: BYTES }));
    await using registry = await registryWith({ auth, blobsFrom: () => eve.origin });
    const asked = await ask(registry);
    expect(asked.body).toBe(BYTES.toString());
    expect(registry.seen.at(-1)?.headers.authorization).toMatch(/^(Basic|Bearer) /);
    expect(eve.seen.length).toBe(1);
    expectNothingHeard(eve, asked);
  });

  test('that leads back to the registry does not bring them back', async () => {
    await using eve: Eavesdropper = await eavesdrop(redirect(() => `${registry.origin}/v2/secret/blobs/${DIGEST}`));
    await using registry: Registry = await registryWith({ auth: BASIC, blobsFrom: () => eve.origin });
    const asked = await ask(registry);
    expect(asked.error).toMatchObject({ code: 'DENIED' });
    const back = registry.seen.filter(({ target }) => target.includes('/secret/'));
    expect(back.map(({ headers }) => headers.authorization)).toEqual(back.map(() => undefined));
    expectNothingHeard(eve, asked);
  });

  test('to a host that asks for them gets none', async () => {
    for (const challenge of ['Basic realm="eve"', 'Bearer realm="ORIGIN/token",service="eve"']) {
      await using eve: Eavesdropper = await eavesdrop(async () => ({
        status: 401,
        headers: { 'WWW-Authenticate': challenge.replace('ORIGIN', eve.origin) },
      }));
      await using registry = await registryWith({ auth: TOKEN, blobsFrom: () => eve.origin });
      const asked = await ask(registry);
      expect(asked.error).toMatchObject({ code: 'DENIED' });
      expectNothingHeard(eve, asked);
    }
  });

  test('of the very first question tells nobody else who the user is', async () => {
    await using eve: Eavesdropper = await eavesdrop(async () => ({
      status: 401,
      headers: { 'WWW-Authenticate': 'Basic realm="eve"' },
    }));
    await using registry = await registryWith({
      auth: BASIC,
      around: except(
        /^\/v2\/$/,
        redirect(() => `${eve.origin}/v2/`),
      ),
    });
    const asked = await ask(registry);
    expect(asked.body ?? asked.error?.code).toMatch(/0123456789|DENIED|NOT_FOUND/);
    expectNothingHeard(eve, asked);
  });

  test('from https to http is not followed', async () => {
    await using eve = await eavesdrop();
    await using registry = await registryWith({ tls: TLS, auth: BASIC, blobsFrom: () => eve.origin });
    const asked = await ask(registry, { hosts: { [registry.host]: { ca: [ca.cert] } } });
    expect(asked.error).toMatchObject({ code: 'DENIED' });
    expect(eve.seen).toEqual([]);
    expectNothingHeard(eve, asked);
  });
});

describe('a token server', () => {
  test('on another host is asked where it is as well protected as the registry', async () => {
    for (const tls of [undefined, TLS]) {
      const secured = tls === undefined ? {} : { tls };
      await using tokens: Registry = await startRegistry({ ...secured, auth: TOKEN });
      await using registry = await registryWith({
        ...secured,
        auth: { ...TOKEN, realm: () => `${tokens.origin}/token` },
      });
      const hosts = { [registry.host]: { ca: [ca.cert] }, [tokens.host]: { ca: [ca.cert] } };
      await ask(registry, tls === undefined ? {} : { hosts });
      expect(tokens.seen.map(({ headers, status }) => [headers.authorization?.slice(0, 5), status])).toContainEqual([
        'Basic',
        200,
      ]);
    }
  });

  test('without TLS is not asked for a registry with TLS', async () => {
    await using eve = await eavesdrop();
    await using registry = await registryWith({ tls: TLS, auth: { ...TOKEN, realm: () => `${eve.origin}/token` } });
    const hosts = { [registry.host]: { ca: [ca.cert] } };
    for (const credentials of [ME, { kind: 'identity', token: IDENTITY } as const]) {
      const asked = await ask(registry, { hosts, credentials });
      expect(asked.error).toMatchObject({ code: 'DENIED' });
      expect(eve.seen).toEqual([]);
      expectNothingHeard(eve, asked);
    }
  });

  test('that cannot prove who it is is not asked', async () => {
    await using eve = await eavesdrop(undefined, { tls: OTHER_TLS });
    await using registry = await registryWith({ tls: TLS, auth: { ...TOKEN, realm: () => `${eve.origin}/token` } });
    const asked = await ask(registry, { hosts: { [registry.host]: { ca: [ca.cert] } } });
    expect(asked.error).toMatchObject({ code: 'IO' });
    expect(eve.seen).toEqual([]);
  });

  test('that redirects elsewhere is not followed', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      for (const credentials of [ME, { kind: 'identity', token: IDENTITY } as const]) {
        await using eve = await eavesdrop(async () => ({ status: 200, body: Buffer.from('{"token":"x"}') }));
        const around = except(
          /^\/token$/,
          redirect(() => `${eve.origin}/token`, status),
        );
        await using registry = await registryWith({ auth: TOKEN, around });
        const asked = await ask(registry, { credentials });
        expect(asked.error).toMatchObject({ code: expect.stringMatching(/DENIED|INVALID/) });
        expectNothingHeard(eve, asked);
      }
    }
  });

  test('is the only one that hears what a login gave', async () => {
    await using registry: Registry = await registryWith({ auth: TOKEN });
    const token = registry.authority?.refreshToken('me') ?? '';
    const asked = await ask(registry, { credentials: { kind: 'identity', token } });
    expect(asked.body).toBe(BYTES.toString());
    const targets = registry.seen.filter(({ headers, target }) => JSON.stringify([headers, target]).includes(token));
    expect(targets).toEqual([]);
    expect(registry.seen.filter(({ method }) => method === 'POST').map(({ target }) => target)).toEqual(['/token']);
  });

  test('may not break out of the header with its token', async () => {
    const around = except(/^\/token$/, async () => ({
      status: 200,
      body: Buffer.from(JSON.stringify({ token: 'x\r\nHost: eve' })),
    }));
    await using registry = await registryWith({ auth: TOKEN, around });
    expect((await ask(registry)).error).toMatchObject({ code: 'INVALID' });
  });
});

describe('an address that the registry gives', () => {
  test('on another host gets no credentials', async () => {
    for (const auth of [BASIC, TOKEN]) {
      await using eve: Eavesdropper = await eavesdrop(async () => ({
        status: 401,
        headers: { 'WWW-Authenticate': 'Basic realm="eve"' },
      }));
      await using registry = await registryWith({ auth });
      const patch = { method: 'PATCH', target: new URL(`${eve.origin}/v2/a/blobs/uploads/1`), body: BYTES } as const;
      const asked = await ask(registry, {}, { ...patch, expect: [202] });
      expect(asked.error).toMatchObject({ code: 'DENIED' });
      expectNothingHeard(eve, asked);
    }
  });

  test('without TLS is not used where the registry has TLS', async () => {
    await using eve = await eavesdrop();
    await using registry = await registryWith({ tls: TLS, auth: BASIC });
    const asked = await ask(
      registry,
      { hosts: { [registry.host]: { ca: [ca.cert] } } },
      { target: new URL(eve.origin) },
    );
    expect(asked.error).toMatchObject({ code: 'DENIED' });
    expect(eve.seen).toEqual([]);
    expectNothingHeard(eve, asked);
  });

  test('with a user in it makes nobody of that user', async () => {
    const withUser = (origin: string) => origin.replace('://', `://me:${PASSWORD}@`);
    await using eve = await eavesdrop(async () => ({ status: 200, body: BYTES }));
    await using redirecting: Registry = await registryWith({ blobsFrom: () => withUser(eve.origin) });
    expectNothingHeard(eve, await ask(redirecting));
    expect(eve.seen.length).toBe(1);
    await using plain = await registryWith({});
    const asked = await ask(plain, {}, { target: new URL(`${withUser(eve.origin)}/x`), expect: [418] });
    expect(asked.error).toMatchObject({ code: 'INVALID' });
    expectNothingHeard(eve, asked);
    await using realm = await registryWith({ auth: { ...TOKEN, realm: () => `${withUser(eve.origin)}/token` } });
    const { error } = await ask(realm, { credentials: { kind: 'identity', token: 'another-identity' } });
    expectNothingHeard(undefined, error === undefined ? {} : { error });
    expect(eve.seen.at(-1)?.headers.authorization).toBeUndefined();
  });
});

describe('of sources and sinks', () => {
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

describe('what is configured for one host', () => {
  test('says nothing of another: an authority', async () => {
    await using eve = await eavesdrop(async () => ({ status: 200, body: BYTES }), { tls: TLS });
    await using registry = await registryWith({ tls: TLS, blobsFrom: () => eve.origin });
    const asked = await ask(registry, { hosts: { [registry.host]: { ca: [ca.cert] } } });
    expect(asked.error).toMatchObject({ code: 'IO', message: expect.stringContaining('signed by no authority') });
    expect(eve.seen).toEqual([]);
  });

  test("is shown to no other: a client's certificate", async () => {
    const me = ca.client('me');
    const identity = { certificate: me.cert, key: me.key };
    const asking = { ...TLS, clientCa: ca.cert, clientIsOptional: true };
    await using eve = await eavesdrop(async () => ({ status: 200, body: BYTES }), { tls: asking });
    await using registry = await registryWith({ tls: asking, blobsFrom: () => eve.origin });
    const hosts = { [registry.host]: { ca: [ca.cert], identity }, [eve.host]: { ca: [ca.cert] } };
    expect((await ask(registry, { hosts })).body).toBe(BYTES.toString());
    expect(registry.seen.map(({ client }) => client)).toEqual(registry.seen.map(() => 'me'));
    expect(eve.seen.map(({ client }) => client)).toEqual([undefined]);
  });

  test('lets nobody else be unverified: --insecure', async () => {
    await using eve = await eavesdrop(async () => ({ status: 200, body: BYTES }), {
      tls: OTHER_TLS,
      name: 'localhost',
    });
    await using registry = await registryWith({ tls: TLS, auth: BASIC, blobsFrom: () => eve.origin });
    const asked = await ask(registry, { insecure: true });
    expect(asked.error).toMatchObject({ code: 'IO' });
    expect(eve.seen).toEqual([]);
    await using tokens = await registryWith({ tls: TLS, auth: { ...TOKEN, realm: () => `${eve.origin}/token` } });
    expect((await ask(tokens, { insecure: true })).error).toMatchObject({ code: 'IO' });
    expect(eve.seen).toEqual([]);
    await using own = await registryWith({ tls: OTHER_TLS, auth: TOKEN });
    expect((await ask(own, { insecure: true })).body).toBe(BYTES.toString());
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

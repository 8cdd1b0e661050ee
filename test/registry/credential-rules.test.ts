/**
 * Where credentials go, and where they do not: for each rule somebody who would like to have them. Hosts are ports of this
 * machine: another port is another host, as it is for references.
 * @module
 */
import { describe, expect, test } from 'vitest';
import { machineHas } from '../e2e/needs.ts';
import { certificateAuthority } from './certificates.ts';
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
import { type Registry, startRegistry } from './server.ts';

function authorities() {
  const [ca, otherCa] = [certificateAuthority('ca'), certificateAuthority('other-ca')];
  return { ca, TLS: ca.server('127.0.0.1'), OTHER_TLS: otherCa.server('127.0.0.1') };
}

const hasOpenssl = machineHas({ programs: ['openssl'] });
const { ca, TLS, OTHER_TLS } = hasOpenssl ? authorities() : ({} as ReturnType<typeof authorities>);

describe.skipIf(!hasOpenssl)('a redirect', () => {
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

describe.skipIf(!hasOpenssl)('a token server', () => {
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

describe.skipIf(!hasOpenssl)('an address that the registry gives', () => {
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

describe.skipIf(!hasOpenssl)('what is configured for one host', () => {
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

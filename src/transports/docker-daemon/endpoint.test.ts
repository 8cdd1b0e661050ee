import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, test } from 'vitest';
import { type Env, endpointAt, findEndpoint } from './endpoint.ts';

const dir = mkdtempSync(`${tmpdir()}/pare-endpoint-`);
afterAll(() => rmSync(dir, { recursive: true }));

const plain = (address: string) => endpointAt(address, () => undefined);

describe('addresses', () => {
  test.each([
    ['unix:///run/x.sock', { socketPath: '/run/x.sock' }],
    ['unix://', { socketPath: '/var/run/docker.sock' }],
    ['tcp://host', { host: 'host', port: 2375 }],
    ['tcp://host:80', { host: 'host', port: 80 }],
    ['tcp://10.0.0.1:4444', { host: '10.0.0.1', port: 4444 }],
    ['tcp://[::1]:4444', { host: '::1', port: 4444 }],
    ['http://host:1', { host: 'host', port: 1 }],
    ['host:99', { host: 'host', port: 99 }],
  ])('%s', (address, expected) => {
    expect(plain(address)).toEqual({ shown: address, address: expected, prefix: '', tls: undefined });
  });

  test('a path stands before those of the API', () => {
    expect(plain('tcp://host:1/docker/')).toMatchObject({ prefix: '/docker' });
  });

  test('https is verified, whatever else is said', () => {
    expect(plain('https://host')).toMatchObject({ address: { port: 2376 }, tls: { rejectUnauthorized: true } });
  });

  test.each([
    ['ssh://host', 'UNSUPPORTED', /ssh -nNT/],
    ['npipe:////./pipe/docker', 'UNSUPPORTED', /DOCKER_HOST/],
    ['fd://', 'UNSUPPORTED', /DOCKER_HOST/],
    ['tcp://', 'USAGE', /tcp:/],
    ['tcp://a b', 'USAGE', /tcp:/],
  ])('%s is refused', (address, code, hint) => {
    expect(() => plain(address)).toThrow(expect.objectContaining({ code, hint: expect.stringMatching(hint) }));
  });
});

describe('what is found', () => {
  const docker = `${dir}/docker`;
  const env: Env = { HOME: dir, DOCKER_CONFIG: docker };
  const idOf = (name: string) => createHash('sha256').update(name).digest('hex');

  function context(name: string, meta: unknown): string {
    const id = idOf(name);
    mkdirSync(`${docker}/contexts/meta/${id}`, { recursive: true });
    writeFileSync(`${docker}/contexts/meta/${id}/meta.json`, JSON.stringify(meta));
    return id;
  }

  function certificates(place: string): void {
    mkdirSync(place, { recursive: true });
    for (const name of ['ca', 'cert', 'key']) writeFileSync(`${place}/${name}.pem`, name);
  }

  test('DOCKER_HOST, before any context', () => {
    const found = findEndpoint({ ...env, DOCKER_HOST: 'unix:///x', DOCKER_CONTEXT: 'none' });
    expect(found.shown).toBe('unix:///x');
  });

  test('the context that is named, and the current one of the configuration', () => {
    context('far', { Name: 'far', Endpoints: { docker: { Host: 'tcp://far:1' } } });
    context('near', { Name: 'near', Endpoints: { docker: { Host: 'unix:///near' } } });
    writeFileSync(`${docker}/config.json`, JSON.stringify({ currentContext: 'near' }));
    expect(findEndpoint(env).shown).toBe('unix:///near');
    expect(findEndpoint({ ...env, DOCKER_CONTEXT: 'far' })).toMatchObject({ shown: 'tcp://far:1', tls: undefined });
    expect(findEndpoint({ ...env, DOCKER_CONTEXT: 'default' }).shown).toMatch(/^unix:/);
    rmSync(`${docker}/config.json`);
  });

  test("a context's certificates", () => {
    const id = context('safe', { Endpoints: { docker: { Host: 'tcp://safe', SkipTLSVerify: false } } });
    certificates(`${docker}/contexts/tls/${id}/docker`);
    expect(findEndpoint({ ...env, DOCKER_CONTEXT: 'safe' })).toMatchObject({
      address: { port: 2376 },
      tls: { ca: 'ca', cert: 'cert', key: 'key', rejectUnauthorized: true },
    });
  });

  test.each([
    [{}, undefined],
    [{ DOCKER_TLS_VERIFY: '1' }, { rejectUnauthorized: true }],
    [{ DOCKER_CERT_PATH: `${dir}/certs` }, { ca: 'ca', cert: 'cert', key: 'key', rejectUnauthorized: false }],
    [
      { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: `${dir}/certs` },
      { ca: 'ca', rejectUnauthorized: true },
    ],
    [{ DOCKER_TLS: '1' }, { rejectUnauthorized: false }],
  ])('TLS by %o', (more, tls) => {
    certificates(`${dir}/certs`);
    const found = findEndpoint({ ...env, ...more, DOCKER_HOST: 'tcp://host' });
    if (tls === undefined) expect(found.tls).toBeUndefined();
    else expect(found.tls).toMatchObject(tls);
    expect(findEndpoint({ ...env, ...more, DOCKER_HOST: 'unix:///x' }).tls).toBeUndefined();
  });

  test('no context of that name, or one of something else', () => {
    expect(() => findEndpoint({ ...env, DOCKER_CONTEXT: 'none' })).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND', message: expect.stringMatching(/"none"/) }),
    );
    context('other', { Endpoints: { kubernetes: {} } });
    expect(() => findEndpoint({ ...env, DOCKER_CONTEXT: 'other' })).toThrow(
      expect.objectContaining({ code: 'INVALID' }),
    );
  });

  test("Docker's socket, and else the session's own", () => {
    const session = `${dir}/session`;
    mkdirSync(`${session}/podman`, { recursive: true });
    writeFileSync(`${session}/podman/podman.sock`, '');
    const { shown } = findEndpoint({ ...env, XDG_RUNTIME_DIR: session });
    expect(['unix:///var/run/docker.sock', `unix://${session}/podman/podman.sock`]).toContain(shown);
  });
});

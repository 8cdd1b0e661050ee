import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ImageError } from '../base/errors.ts';
import type { Credentials } from '../formats/registry-auth/credentials.ts';
import { getFromHelper, type Helper, listHelper } from './credential-helper.ts';
import {
  eraseAllCredentials,
  eraseCredentials,
  findCredentials,
  type Keyring,
  storeCredentials,
} from './credentials.ts';
import { readRegistriesConf } from './registries-conf.ts';
import { registryCertificates } from './registry-certificates.ts';

const basic = (username: string, password: string): Credentials => ({ kind: 'basic', username, password });
const entry = (password: string) => ({ auth: Buffer.from(`u:${password}`).toString('base64') });

interface Home extends AsyncDisposable {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly keyring: Keyring;
  /** Writes a file below the directory; objects as JSON. */
  write(path: string, content: unknown): string;
  read(path: string): unknown;
  /** Puts `docker-credential-NAME` on PATH: a script of sh. */
  helper(name: string, script: string): void;
}

/** A home, a session and a PATH of the test's own. */
async function home(): Promise<Home> {
  const temp = await mkdtempDisposable(join(tmpdir(), 'pare-credentials-'));
  const dir = temp.path;
  const env = { HOME: dir, XDG_RUNTIME_DIR: join(dir, 'run'), PATH: `${join(dir, 'bin')}:${process.env['PATH']}` };
  const write = (path: string, content: unknown) => {
    const full = join(dir, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, typeof content === 'string' ? content : JSON.stringify(content));
    return full;
  };
  return {
    dir,
    env,
    keyring: { env },
    write,
    read: (path) => JSON.parse(readFileSync(join(dir, path), 'utf8')),
    helper: (name, script) => chmodSync(write(`bin/docker-credential-${name}`, `#!/bin/sh\n${script}\n`), 0o755),
    [Symbol.asyncDispose]: () => temp.remove(),
  };
}

/** Keeps one file for each server below its directory, and what it was asked in `log`. */
function fileHelper({ dir, helper }: Home, name: string): void {
  mkdirSync(join(dir, name));
  helper(
    name,
    `cd '${join(dir, name)}'; read -r input; echo "$1" >> log
     file() { printf '%s' "$1" | tr -c 'a-z0-9.' _; }
     case $1 in
     get) cat "$(file "$input")" 2> /dev/null || { echo 'credentials not found in native keychain'; exit 1; } ;;
     store) server=\${input#*'"ServerURL":"'}; printf '%s' "$input" > "$(file "\${server%%'"'*}")"; printf '%s\\n' "\${server%%'"'*}" >> servers ;;
     erase) rm "$(file "$input")" ;;
     list) sed 's/.*/"&":"u"/' servers | paste -sd, | sed 's/.*/{&}/' ;;
     esac`,
  );
}

describe('where credentials are found', () => {
  test('in the order of the files, the first that has them', async () => {
    await using at = await home();
    const from = async (repository?: string) => {
      const found = await findCredentials('r.example', repository, at.keyring);
      return found && { ...found.credentials, from: found.from.replace(at.dir, '') };
    };
    expect(await from()).toBeUndefined();
    at.write('.docker/config.json', { auths: { 'https://r.example/v1/': entry('docker') } });
    expect(await from()).toMatchObject({ password: 'docker', from: '/.docker/config.json' });
    at.write('.config/containers/auth.json', { auths: { 'r.example/team': entry('config') } });
    expect(await from('other/x')).toMatchObject({ password: 'docker' });
    expect(await from('team/x')).toMatchObject({ password: 'config', from: '/.config/containers/auth.json' });
    at.write('run/containers/auth.json', { auths: { 'r.example': entry('session') } });
    expect(await from('team/x')).toMatchObject({ password: 'session', from: '/run/containers/auth.json' });
  });

  test('the environment’s places', async () => {
    await using at = await home();
    at.write('.docker/config.json', { auths: { 'r.example': entry('home') } });
    at.write('d/config.json', { auths: { 'r.example': entry('docker') } });
    at.write('c/containers/auth.json', { auths: { 'r.example': entry('xdg') } });
    const own = at.write('own.json', { auths: { 'r.example': entry('own') } });
    const password = async (env: Record<string, string>, authfile?: string) => {
      const keyring = { env: { ...at.env, ...env }, authfile };
      const found = await findCredentials('r.example', undefined, keyring);
      return found?.credentials.kind === 'basic' ? found.credentials.password : undefined;
    };
    const DOCKER_CONFIG = join(at.dir, 'd');
    expect(await password({})).toBe('home');
    expect(await password({ DOCKER_CONFIG })).toBe('docker');
    const DOCKER_AUTH_CONFIG = JSON.stringify({ auths: { 'r.example': entry('variable') } });
    expect(await password({ DOCKER_CONFIG, DOCKER_AUTH_CONFIG })).toBe('variable');
    expect(await password({ DOCKER_CONFIG, DOCKER_AUTH_CONFIG: '{"auths":{}}' })).toBe('docker');
    expect(await password({ XDG_CONFIG_HOME: join(at.dir, 'c') })).toBe('xdg');
    expect(await password({ REGISTRY_AUTH_FILE: own })).toBe('own');
    expect(await password({ REGISTRY_AUTH_FILE: at.write('none.json', '') })).toBeUndefined();
    expect(await password({ REGISTRY_AUTH_FILE: 'x' }, own)).toBe('own');
    await expect(password({ REGISTRY_AUTH_FILE: join(at.dir, 'gone') })).rejects.toThrow(
      /REGISTRY_AUTH_FILE names, is not/,
    );
  });

  test('a registry’s own helper alone; a store, and then the file', async () => {
    await using at = await home();
    fileHelper(at, 'own');
    fileHelper(at, 'all');
    const auths = { 'own.example': entry('file'), 'r.example': entry('file') };
    at.write('.docker/config.json', { auths, credHelpers: { 'own.example': 'own' }, credsStore: 'all' });
    const find = async (host: string) => (await findCredentials(host, undefined, at.keyring))?.credentials;
    expect(await find('own.example')).toBeUndefined();
    expect(await find('r.example')).toEqual(basic('u', 'file'));
    at.write('own/own.example', { Username: 'me', Secret: 'kept' });
    at.write('all/r.example', { Username: '<token>', Secret: 'T' });
    at.write('all/https___index.docker.io_v1_', { Username: 'hub', Secret: 'H' });
    expect(await find('own.example')).toEqual(basic('me', 'kept'));
    expect(await find('r.example')).toEqual({ kind: 'identity', token: 'T' });
    expect(await find('docker.io')).toEqual(basic('hub', 'H'));
  });

  test('helpers of registries.conf, before the files or behind them', async () => {
    await using at = await home();
    fileHelper(at, 'global');
    at.write('global/docker.io', { Username: 'me', Secret: 'helper' });
    at.write('.docker/config.json', { auths: { 'docker.io': entry('file') } });
    const find = async (...helpers: string[]) =>
      (await findCredentials('docker.io', 'library/redis', { ...at.keyring, helpers }))?.credentials;
    expect(await find('global', 'containers-auth.json')).toEqual(basic('me', 'helper'));
    expect(await find('containers-auth.json', 'global')).toEqual(basic('u', 'file'));
  });
});

describe('what is kept', () => {
  test('in the file: for its owner only, whole, and nothing else in it changed', async () => {
    await using at = await home();
    const before = { HttpHeaders: { 'X-Meta': 'a' }, auths: { 'other.example': entry('x') }, psFormat: 'table' };
    const path = at.write('.docker/config.json', before);
    chmodSync(path, 0o644);
    expect(await storeCredentials('r.example', basic('u', 'p'), at.keyring)).toEqual({ in: path, isHelper: false });
    expect(at.read('.docker/config.json')).toEqual({
      ...before,
      auths: { ...before.auths, 'r.example': { auth: 'dTpw' } },
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(path))).toEqual(['config.json']);
    expect(await eraseCredentials('r.example', at.keyring)).toEqual([{ registry: 'r.example', from: path }]);
    expect(at.read('.docker/config.json')).toEqual(before);
    expect(await eraseCredentials('r.example', at.keyring)).toEqual([]);
  });

  test('a new file, in a directory that is closed to others; under a link', async () => {
    await using at = await home();
    await storeCredentials('docker.io', basic('u', 'p'), at.keyring);
    expect(at.read('.docker/config.json')).toEqual({ auths: { 'https://index.docker.io/v1/': { auth: 'dTpw' } } });
    expect(statSync(join(at.dir, '.docker')).mode & 0o777).toBe(0o700);
    const authfile = join(at.dir, 'link.json');
    symlinkSync(at.write('real/auth.json', {}), authfile);
    await storeCredentials('docker.io', basic('u', 'p'), { ...at.keyring, authfile });
    expect(lstatSync(authfile).isSymbolicLink()).toBe(true);
    expect(at.read('real/auth.json')).toEqual({ auths: { 'docker.io': { auth: 'dTpw' } } });
  });

  test('many at once lose nothing', async () => {
    await using at = await home();
    const hosts = Array.from({ length: 20 }, (_, i) => `r${i}.example`);
    await Promise.all(hosts.map((host) => storeCredentials(host, basic('u', host), at.keyring)));
    for (const host of hosts) {
      expect((await findCredentials(host, undefined, at.keyring))?.credentials).toEqual(basic('u', host));
    }
  });

  test('a broken file is left as it is', async () => {
    await using at = await home();
    const path = at.write('.docker/config.json', '{"auths":{"x":{"auth":"c2VjcmV0"}}');
    await expect(storeCredentials('r.example', basic('u', 'p'), at.keyring)).rejects.toThrow(/not JSON/);
    expect(readFileSync(path, 'utf8')).toBe('{"auths":{"x":{"auth":"c2VjcmV0"}}');
  });

  test('in the helper, with a mark in the file and no secret', async () => {
    await using at = await home();
    fileHelper(at, 'all');
    fileHelper(at, 'own');
    const config = { credsStore: 'all', credHelpers: { 'own.example': 'own' } };
    at.write('.docker/config.json', { ...config, auths: { 'r.example': entry('stale') } });
    expect(await storeCredentials('r.example', basic('u', 'pässword"\\'), at.keyring)).toEqual({
      in: 'docker-credential-all',
      isHelper: true,
    });
    await storeCredentials('own.example', { kind: 'identity', token: 'TOKEN' }, at.keyring);
    expect(at.read('.docker/config.json')).toEqual({ ...config, auths: { 'r.example': {}, 'own.example': {} } });
    expect(at.read('all/r.example')).toEqual({ ServerURL: 'r.example', Username: 'u', Secret: 'pässword"\\' });
    expect(at.read('own/own.example')).toEqual({ ServerURL: 'own.example', Username: '<token>', Secret: 'TOKEN' });
    expect(await eraseCredentials('r.example', at.keyring)).toEqual([
      { registry: 'r.example', from: 'docker-credential-all' },
    ]);
    expect(existsSync(join(at.dir, 'all/r.example'))).toBe(false);
    expect(at.read('.docker/config.json')).toEqual({ ...config, auths: { 'own.example': {} } });
  });

  test('everything forgotten', async () => {
    await using at = await home();
    fileHelper(at, 'all');
    fileHelper(at, 'own');
    const config = { credHelpers: { 'own.example': 'own' }, credsStore: 'all' };
    const path = at.write('.docker/config.json', config);
    for (const host of ['own.example', 'a.example', 'b.example']) {
      await storeCredentials(host, basic('u', 'p'), at.keyring);
    }
    at.write('.docker/config.json', { ...config, auths: { 'a.example': {}, 'plain.example/x': entry('p') } });
    expect(await eraseAllCredentials(at.keyring)).toEqual([
      { registry: 'own.example', from: 'docker-credential-own' },
      { registry: 'a.example', from: 'docker-credential-all' },
      { registry: 'b.example', from: 'docker-credential-all' },
      { registry: 'plain.example/x', from: path },
    ]);
    expect(at.read('.docker/config.json')).toEqual({ ...config, auths: {} });
    expect(await eraseAllCredentials({ env: { ...at.env, DOCKER_CONFIG: join(at.dir, 'nothing') } })).toEqual([]);
    expect(existsSync(join(at.dir, 'nothing'))).toBe(false);
  });
});

describe('helpers that misbehave', () => {
  const SECRET = 'hunter2-secret';
  const used = (at: Home, more: Partial<Helper> = {}): Helper => ({ name: 'x', namedBy: 'FILE', env: at.env, ...more });
  const get = async (at: Home, more?: Partial<Helper>) => {
    const error = await getFromHelper(used(at, more), 'r.example').catch((thrown: unknown) => thrown);
    if (!(error instanceof ImageError)) throw error;
    // What people see, with --debug too.
    expect(`${inspect(error)}${error.hint}`).not.toContain(SECRET);
    return error;
  };

  test.each([
    [
      `echo '{"Username":"u","Secret":"${SECRET}"'`,
      'INVALID',
      /what docker-credential-x says of r.example is not JSON/,
    ],
    [`echo '"${SECRET}"'`, 'INVALID', /no JSON object/],
    [`echo '{"Username":"u","Secret":["${SECRET}"]}'`, 'INVALID', /that are strings/],
    ['', 'INVALID', /is not JSON/],
    [`echo '{"Secret":"${SECRET}"}'; exit 3`, 'IO', /get ended with status 3$/],
    ['echo "the key ring is locked" >&2; exit 1', 'IO', /ended with status 1: the key ring is locked$/],
    [`echo "cannot open https://u:${SECRET}@vault.example"; exit 1`, 'IO', /https:\/\/\*\*\*@vault.example/],
    ['kill -9 $$', 'IO', /ended by SIGKILL/],
    ['exec yes', 'LIMIT', /prints without end/],
  ])('%j', async (script, code, message) => {
    await using at = await home();
    at.helper('x', script);
    const error = await get(at);
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });

  test('one that is not there, or is no program', async () => {
    await using at = await home();
    const error = await get(at);
    expect(error.code).toBe('UNAVAILABLE');
    expect(error.message).toBe('the credential helper docker-credential-x, which FILE names, is not on PATH');
    expect(error.hint).toContain('FILE');
    chmodSync(at.write('bin/docker-credential-x', ''), 0o644);
    expect((await get(at)).code).toBe('UNAVAILABLE');
  });

  test('one that does not answer is given up', async () => {
    await using at = await home();
    at.helper('x', `echo $$ > '${at.dir}/pid'; sleep 600`);
    const error = await get(at, { patience: 500 });
    expect(error.message).toMatch(/has not answered "get" within 0.5 s/);
    await gone(at);
  });

  test('and killed when the run is aborted', async () => {
    await using at = await home();
    at.helper('x', `echo $$ > '${at.dir}/pid'; exec sleep 600`);
    const abort = new AbortController();
    const asked = getFromHelper(used(at, { signal: abort.signal }), 'r.example');
    setTimeout(() => abort.abort(new Error('stopped')), 300);
    await expect(asked).rejects.toThrow('stopped');
    await gone(at);
    await expect(getFromHelper(used(at, { signal: abort.signal }), 'r.example')).rejects.toThrow('stopped');
  });

  /** Its process is: waited for, since a signal takes a moment. */
  async function gone(at: Home): Promise<void> {
    const pid = readFileSync(join(at.dir, 'pid'), 'utf8').trim();
    for (let i = 0; i < 100 && existsSync(`/proc/${pid}`); i++) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  }

  test('one that does not read its input', async () => {
    await using at = await home();
    at.helper('x', `exec <&-; echo '{"Username":"u","Secret":"p"}'`);
    expect(await getFromHelper(used(at), 'x'.repeat(1_000_000))).toEqual(basic('u', 'p'));
    at.helper('x', 'echo null');
    expect(await listHelper(used(at))).toEqual([]);
  });
});

test('registries.conf: the system’s, the user’s, and what is dropped in', async () => {
  await using at = await home();
  const system = join(at.dir, 'etc');
  const prefixes = (env = {}) =>
    readRegistriesConf({ ...at.env, ...env }, system).registries.map(({ prefix }) => prefix);
  const table = (host: string, more = '') => `[[registry]]\nlocation = "${host}"\n${more}`;
  expect(prefixes()).toEqual([]);
  at.write('etc/registries.conf', table('a.example'));
  at.write('etc/registries.conf.d/20.conf', table('c.example'));
  at.write('etc/registries.conf.d/10.conf', table('b.example') + table('c.example', 'blocked = true\n'));
  at.write('etc/registries.conf.d/30.conf.bak', 'no TOML');
  at.write('.config/containers/registries.conf.d/1.conf', table('d.example'));
  expect(prefixes()).toEqual(['a.example', 'b.example', 'c.example', 'd.example']);
  expect(readRegistriesConf(at.env, system).registries[2]?.blocked).toBe(false);
  const CONTAINERS_REGISTRIES_CONF = at.write('own.conf', table('o.example'));
  expect(prefixes({ CONTAINERS_REGISTRIES_CONF })).toEqual(['o.example', 'b.example', 'c.example', 'd.example']);
  at.write('.config/containers/registries.conf', table('u.example'));
  expect(prefixes()).toEqual(['u.example', 'd.example']);
});

test('certs.d: the first directory of the registry’s name', async () => {
  await using at = await home();
  const system = [join(at.dir, 'etc')];
  const of = (host: string) => registryCertificates(host, at.env, system);
  const pem = (mark: string) => `-----BEGIN CERTIFICATE-----\n${mark}\n-----END CERTIFICATE-----\n`;
  expect(of('r.example:5000')).toEqual({});
  at.write('etc/r.example:5000/ca.crt', pem('system'));
  at.write('etc/docker.io/ca.crt', pem('hub'));
  expect(of('r.example:5000')).toEqual({ ca: [pem('system')] });
  expect(of('r.example')).toEqual({});
  expect(of('registry-1.docker.io')).toEqual({ ca: [pem('hub')] });
  at.write('.config/containers/certs.d/r.example:5000/me.cert', pem('cert'));
  at.write('.config/containers/certs.d/r.example:5000/me.key', pem('key'));
  expect(of('r.example:5000')).toEqual({ identity: { certificate: pem('cert'), key: pem('key') } });
  at.write('.config/containers/certs.d/r.example:5000/ca.crt', 'DER');
  expect(() => of('r.example:5000')).toThrow(/ca.crt is not in PEM form/);
});

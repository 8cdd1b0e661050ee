/** Logging in and out as a user does it, against the registry of the tests; and what can be seen of the secret: nothing. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ImageError } from '../../src/base/errors.ts';
import { login, logout, logoutAll, registryOf } from '../../src/operations/login.ts';
import { type Ended, LAUNCHER, pare, start, startPare } from '../cli/pare.ts';
import { machineHas } from '../e2e/needs.ts';
import { certificateAuthority } from './certificates.ts';
import { type Registry, type RegistryOptions, startRegistry } from './server.ts';

const PASSWORD = 'hunter2-Ünlocked"pw';
const FORMS = [PASSWORD, `me:${PASSWORD}`].flatMap((text) => [
  text,
  Buffer.from(text).toString('base64'),
  encodeURIComponent(text),
  JSON.stringify(text).slice(1, -1),
]);
const USERS = { me: PASSWORD };
const auth = (kind: 'basic' | 'token') => ({ auth: { kind, users: USERS } });

async function home() {
  const temp = await mkdtempDisposable(join(tmpdir(), 'pare-login-'));
  const dir = temp.path;
  mkdirSync(join(dir, 'bin'));
  const env = {
    HOME: dir,
    XDG_RUNTIME_DIR: dir,
    PATH: `${join(dir, 'bin')}:${process.env['PATH']}`,
    DOCKER_CONFIG: undefined,
    REGISTRY_AUTH_FILE: undefined,
    XDG_CONFIG_HOME: undefined,
  };
  const config = join(dir, '.docker/config.json');
  return {
    dir,
    env,
    config,
    read: () => JSON.parse(readFileSync(config, 'utf8')),
    write: (value: unknown) => {
      mkdirSync(join(dir, '.docker'), { recursive: true });
      writeFileSync(config, JSON.stringify(value));
    },
    /** With the password on stdin; whatever comes of it, the password is not to be seen. */
    run: async (words: readonly string[], input?: string): Promise<Ended> => {
      const ended = await pare(words, { env, ...(input === undefined ? {} : { input }) });
      for (const form of FORMS) expect(ended.stdout + ended.stderr).not.toContain(form);
      return ended;
    },
    /** A credential helper on PATH: a script of sh. */
    helper: (name: string, script: string) => {
      const program = join(dir, `bin/docker-credential-${name}`);
      writeFileSync(program, `#!/bin/sh\n${script}\n`);
      chmodSync(program, 0o755);
    },
    [Symbol.asyncDispose]: () => temp.remove(),
  };
}

type Home = Awaited<ReturnType<typeof home>>;

/** Without a process of its own; what it warns of is gathered. */
function accessOf(at: Home) {
  const warnings: string[] = [];
  const report = (progress: { type: string; text?: string }) => {
    if (progress.type === 'warning') warnings.push(progress.text ?? '');
  };
  return { env: at.env, run: { report }, warnings };
}

const me = ({ host }: Registry) => ({ registry: host, username: 'me', password: PASSWORD });

const STDIN = ['-u', 'me', '--password-stdin'];

describe('the command line', () => {
  test('the right password is kept, and forgotten', async () => {
    await using at = await home();
    await using registry = await startRegistry(auth('basic'));
    const loggedIn = await at.run(['login', registry.host, ...STDIN], `${PASSWORD}\r\n`);
    expect(loggedIn).toMatchObject({ status: 0, stdout: 'Login Succeeded\n' });
    expect(loggedIn.stderr).toBe(`the password is in ${at.config}, unencrypted\n`);
    const encoded = Buffer.from(`me:${PASSWORD}`).toString('base64');
    expect(at.read()).toEqual({ auths: { [registry.host]: { auth: encoded } } });
    const out = await at.run(['logout', registry.host]);
    expect(out).toMatchObject({ status: 0, stdout: `Removed: ${registry.host} from ${at.config}\n`, stderr: '' });
    expect(at.read()).toEqual({ auths: {} });
    expect((await at.run(['logout', registry.host])).stdout).toBe(`Not logged in to ${registry.host}\n`);
  });

  test('a wrong one is not', async () => {
    await using at = await home();
    await using registry = await startRegistry(auth('token'));
    const words = ['login', `http://${registry.host}/`, ...STDIN, '--debug'];
    const { status, stdout, stderr } = await at.run(words, `${PASSWORD}x`);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toContain(`logging in to ${registry.host}: ${registry.host}`);
    expect(existsSync(at.config)).toBe(false);
  });

  test('--json, --authfile, -p', async () => {
    await using at = await home();
    await using registry = await startRegistry(auth('basic'));
    const path = join(at.dir, 'auth.json');
    const words = ['login', registry.host, '-u', 'me', '-p', PASSWORD, '--authfile', path, '--json'];
    const { stdout, stderr } = await at.run(words);
    expect(JSON.parse(stdout)).toEqual({ registry: registry.host, username: 'me', keptIn: path });
    expect(stderr).toContain('warning: a password on the command line can be seen');
    expect(existsSync(at.config)).toBe(false);
    const out = await at.run(['logout', '--all', '--authfile', path, '--json']);
    expect(JSON.parse(out.stdout)).toEqual({ removed: [{ registry: registry.host, from: path }] });
  });

  test('a registry that tells what it was told', async () => {
    await using at = await home();
    const around: RegistryOptions['around'] = (handle) => async (question) => {
      const { authorization } = question.headers;
      if (authorization === undefined) return handle(question);
      const [, word = ''] = authorization.split(' ');
      const message = `${authorization} is ${Buffer.from(word, 'base64')} at ${question.url}?token=${word}`;
      return { status: 403, body: Buffer.from(JSON.stringify({ errors: [{ code: 'DENIED', message }] })) };
    };
    await using registry = await startRegistry({ ...auth('basic'), around });
    for (const words of [['--json'], ['--debug']]) {
      const { status, stderr } = await at.run(['login', registry.host, ...STDIN, ...words], PASSWORD);
      expect(status).toBe(3);
      expect(stderr).toContain('DENIED: Basic *** is ');
    }
  });

  test('a helper that tells what it was told', async () => {
    await using at = await home();
    await using registry = await startRegistry(auth('token'));
    at.write({ credsStore: 'keeper' });
    at.helper('keeper', 'read -r input; echo "cannot store $input" >&2; exit 1');
    const failing = await at.run(['login', registry.host, ...STDIN, '--debug'], PASSWORD);
    expect(failing.status).toBe(3);
    expect(failing.stderr).toContain('docker-credential-keeper store ended with status 1');
    expect(at.read()).toEqual({ credsStore: 'keeper' });
  });

  test.each([
    [['login', `https://me:${PASSWORD}@r.example`, ...STDIN], /is not the name of a registry/],
    [['login', 'r.example', '--password-stdin'], /needs --username/],
    [['login', 'r.example', ...STDIN, '-p', PASSWORD], /exclude each other/],
    [['login', 'r.example', '-u', 'me'], /stdin is no terminal/],
    [['logout', 'r.example', '--all'], /every registry, and one is named/],
  ])('wrong usage: %j', async (words, message) => {
    await using at = await home();
    const { status, stdout, stderr } = await at.run(words, PASSWORD);
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(existsSync(at.config)).toBe(false);
  });

  test('SIGTERM while a helper thinks', async () => {
    await using at = await home();
    at.helper('slow', `echo $$ > '${at.dir}/pid'\nexec sleep 600`);
    at.write({ credsStore: 'slow' });
    const { child, ended } = startPare(['logout', 'r.example'], { env: at.env });
    while (!existsSync(join(at.dir, 'pid'))) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGTERM');
    expect((await ended).status).toBe(143);
    const stat = `/proc/${readFileSync(join(at.dir, 'pid'), 'utf8').trim()}/stat`;
    // Gone, or dead and not yet taken notice of.
    if (existsSync(stat)) expect(readFileSync(stat, 'utf8')).toMatch(/\) [ZX] /);
  });
});

describe.skipIf(!machineHas({ programs: ['script'] }))('at a terminal', () => {
  /** script(1) lends one, and passes on what is typed. */
  const typed = (words: readonly string[], env: Record<string, string | undefined>) =>
    start(['script', '-qec', [process.execPath, LAUNCHER, ...words].join(' '), '/dev/null'], { env });

  test('asks for both, and shows the user only', async () => {
    await using at = await home();
    await using registry = await startRegistry(auth('basic'));
    const { child, ended, said } = typed(['login', registry.host], at.env);
    await said('Username: ');
    child.stdin?.write('me\n');
    await said('Password: ');
    // With a slip, taken back.
    child.stdin?.write(`${PASSWORD.slice(0, -1)}xé\u007F\u007F${PASSWORD.slice(-1)}\r`);
    await said('Login Succeeded');
    child.stdin?.end();
    const { status, stdout } = await ended;
    expect(status).toBe(0);
    expect(stdout).toContain('Username: me');
    expect(stdout).not.toContain(PASSWORD.slice(0, 6));
    expect(at.read().auths[registry.host].auth).toBe(Buffer.from(`me:${PASSWORD}`).toString('base64'));
  });

  test('Ctrl-C at the password ends it', async () => {
    await using at = await home();
    const { child, ended, said } = typed(['login', 'r.example', '-u', 'me'], at.env);
    await said('Password: ');
    child.stdin?.write('abc\u0003');
    expect((await ended).status).toBe(130);
    expect(existsSync(at.config)).toBe(false);
  });
});

describe.each(['basic', 'token'] as const)('a registry that asks for %s', (kind) => {
  test('is asked before anything is kept', async () => {
    await using at = await home();
    await using registry = await startRegistry(auth(kind));
    const access = accessOf(at);
    const wrong = await login({ ...me(registry), password: 'wrong-word' }, access).catch((error: ImageError) => error);
    expect(wrong).toMatchObject({ code: 'DENIED', hint: expect.stringContaining('nothing was kept') });
    expect(existsSync(at.config)).toBe(false);
    expect(await login(me(registry), access)).toEqual({
      registry: registry.host,
      username: 'me',
      kept: { in: at.config, isHelper: false },
    });
    expect(access.warnings).toEqual([]);
    expect(await logoutAll(access)).toEqual([{ registry: registry.host, from: at.config }]);
  });
});

test('a registry that asks nobody', async () => {
  await using at = await home();
  await using registry = await startRegistry();
  const access = accessOf(at);
  await login(me(registry), access);
  expect(access.warnings).toEqual([expect.stringContaining(`${registry.host} lets everybody in`)]);
  expect(registry.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
});

test.skipIf(!machineHas({ programs: ['openssl'] }))(
  'TLS by the certificates of certs.d, a client’s among them',
  async () => {
    await using at = await home();
    const authority = certificateAuthority('test');
    const tls = { ...authority.server('127.0.0.1'), clientCa: authority.cert };
    await using registry = await startRegistry({ ...auth('basic'), tls });
    const dir = join(at.dir, '.config/containers/certs.d', registry.host);
    mkdirSync(dir, { recursive: true });
    const client = authority.client('me');
    writeFileSync(join(dir, 'ca.crt'), authority.cert);
    writeFileSync(join(dir, 'me.cert'), client.cert);
    writeFileSync(join(dir, 'me.key'), client.key);
    await login(me(registry), accessOf(at));
    expect(registry.seen.at(-1)).toMatchObject({ status: 200, client: 'me' });
  },
);

test('a helper keeps it', async () => {
  await using at = await home();
  await using registry = await startRegistry(auth('token'));
  const access = accessOf(at);
  at.write({ credsStore: 'keeper' });
  await expect(login(me(registry), access)).rejects.toThrow(
    `docker-credential-keeper, which ${at.config} names, is not on PATH`,
  );
  at.helper(
    'keeper',
    `cd "$HOME"; read -r input
     case $1 in
     get) cat kept 2> /dev/null || { echo credentials not found in native keychain; exit 1; } ;;
     store) printf '%s' "$input" > kept ;;
     erase) rm kept ;;
     esac`,
  );
  const { kept } = await login(me(registry), access);
  expect(kept).toEqual({ in: 'docker-credential-keeper', isHelper: true });
  expect(at.read()).toEqual({ credsStore: 'keeper', auths: { [registry.host]: {} } });
  expect(JSON.parse(readFileSync(join(at.dir, 'kept'), 'utf8')).Secret).toBe(PASSWORD);
  expect(await logout(registry.host, access)).toEqual([{ registry: registry.host, from: 'docker-credential-keeper' }]);
  expect(existsSync(join(at.dir, 'kept'))).toBe(false);
  expect(access.warnings).toEqual([]);
});

test('a file that is asked before the one that is written is named', async () => {
  await using at = await home();
  await using registry = await startRegistry(auth('basic'));
  const access = accessOf(at);
  const other = join(at.dir, 'containers/auth.json');
  mkdirSync(join(at.dir, 'containers'));
  writeFileSync(other, JSON.stringify({ auths: { [registry.host]: { auth: 'bWU6b3RoZXI=' } } }));
  await login(me(registry), access);
  await logout(registry.host, access);
  expect(access.warnings).toEqual([
    `${other} has other credentials for ${registry.host}, and is asked first`,
    `${other} still has credentials for ${registry.host}, which pare uses; it was left as it is`,
  ]);
});

test.each([
  ['docker.io', 'docker.io'],
  ['https://index.docker.io/v1/', 'docker.io'],
  ['https://r.example/', 'r.example'],
  ['http://localhost:5000', 'localhost:5000'],
  ['localhost', 'localhost'],
  ['[::1]:5000', '[::1]:5000'],
])('%s is the registry %s', (text, registry) => {
  expect(registryOf(text)).toBe(registry);
});

test.each([
  ['r.example/app', /is a repository, and one logs in to a registry/],
  ['docker://r.example', /is not the name of a registry/],
  ['https://me:word@r.example', /"https:\/\/\*\*\*@r.example" is not the name of a registry/],
  ['word', /neither dot nor port/],
  ['a b', /is not the name of a registry/],
  ['', /is not the name of a registry/],
])('"%s" is none', (text, message) => {
  expect(() => registryOf(text)).toThrow(message);
});

test.each([
  [{ username: 'a:b' }, /no name of a user/],
  [{ username: '' }, /no name of a user/],
  [{ password: '' }, /the password is empty/],
])('%j', async (wrong, message) => {
  await using at = await home();
  const request = { registry: 'r.example', username: 'me', password: PASSWORD, ...wrong };
  await expect(login(request, accessOf(at))).rejects.toThrow(message);
});

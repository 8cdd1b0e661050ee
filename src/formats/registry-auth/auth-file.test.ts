import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ImageError } from '../../base/errors.ts';
import { emptyAuthFile, formatAuthFile, withCredentials, withoutEntries, withoutRegistry } from './auth-edit.ts';
import { type AuthFile, credentialsIn, helperFor, parseAuthFile } from './auth-file.ts';
import { type Credentials, decodeBasic, encodeBasic } from './credentials.ts';
import { keyScope, namespaces } from './keys.ts';

function fileOf(value: unknown): AuthFile {
  return parseAuthFile(Buffer.from(JSON.stringify(value)), 'config.json');
}

/** An entry whose password says which one it is. */
const entry = (mark: string) => ({ auth: encodeBasic('user', mark) });

function markOf(credentials: Credentials | undefined): string | undefined {
  return credentials?.kind === 'basic' ? credentials.password : undefined;
}

function found(keys: readonly string[], host: string, repository?: string): string | undefined {
  return markOf(
    credentialsIn(fileOf({ auths: Object.fromEntries(keys.map((key) => [key, entry(key)])) }), host, repository),
  );
}

describe('which key is a registry’s', () => {
  test.each([
    ['registry.example', 'registry.example'],
    ['registry.example:5000', 'registry.example:5000'],
    ['https://registry.example', 'registry.example'],
    ['https://registry.example/v1/', 'registry.example'],
    ['http://registry.example:5000/any/path?x=1', 'registry.example:5000'],
    ['https://me@registry.example/', 'registry.example'],
    ['[::1]:5000', '[::1]:5000'],
    ['https://index.docker.io/v1/', 'docker.io'],
    ['index.docker.io', 'docker.io'],
    ['index.docker.io/v1/', 'docker.io'],
    ['registry-1.docker.io', 'docker.io'],
    ['docker.io', 'docker.io'],
  ])('%s is of %s', (key, host) => {
    expect(found([key], host)).toBe(key);
    expect(found([key], host, 'a/b')).toBe(key);
    expect(found([key], `x${host}`)).toBeUndefined();
  });

  test.each([
    ['registry.example', 'registry.example:5000'],
    ['registry.example:5000', 'registry.example'],
    ['registry.example/team', 'registry.example'],
    ['registry.example.evil.test', 'registry.example'],
    ['https://evil.test/registry.example', 'registry.example'],
    ['https://registry.example@evil.test/', 'registry.example'],
    ['https://index.docker.io/v1/access-token', 'docker.io'],
    ['https://index.docker.io/v1/refresh-token', 'docker.io'],
    ['', 'registry.example'],
  ])('%s is not of %s', (key, host) => {
    expect(found([key], host)).toBeUndefined();
  });

  test('the longest namespace wins, one that only begins alike does not', () => {
    const keys = ['r.example', 'r.example/team', 'r.example/team/app', 'r.example/te'];
    expect(found(keys, 'r.example', 'team/app')).toBe('r.example/team/app');
    expect(found(keys, 'r.example', 'team/app2')).toBe('r.example/team');
    expect(found(keys, 'r.example', 'team2/app')).toBe('r.example');
    expect(found(keys, 'r.example')).toBe('r.example');
    expect(found(keys.slice(1), 'r.example', 'other')).toBeUndefined();
    expect(found(['docker.io/library'], 'docker.io', 'library/redis')).toBe('docker.io/library');
  });

  test('among keys that mean the same, the one spelt as asked for, then the first', () => {
    expect(found(['https://r.example', 'r.example'], 'r.example')).toBe('r.example');
    expect(found(['https://r.example', 'http://r.example'], 'r.example')).toBe('https://r.example');
  });
});

describe('what an entry holds', () => {
  const one = (fields: unknown) => credentialsIn(fileOf({ auths: { 'r.example': fields } }), 'r.example');

  test.each([
    [{ auth: 'dTpw' }, { kind: 'basic', username: 'u', password: 'p' }],
    [{ auth: ' dTpw\n' }, { kind: 'basic', username: 'u', password: 'p' }],
    [{ auth: encodeBasic('u', 'a:b:ü') }, { kind: 'basic', username: 'u', password: 'a:b:ü' }],
    [{ auth: encodeBasic('u', 'p\0\0') }, { kind: 'basic', username: 'u', password: 'p' }],
    [
      { username: 'u', password: 'p' },
      { kind: 'basic', username: 'u', password: 'p' },
    ],
    [
      { auth: encodeBasic('00000000', ''), identitytoken: 'T' },
      { kind: 'identity', token: 'T' },
    ],
    [{ identitytoken: 'T' }, { kind: 'identity', token: 'T' }],
    [
      { registrytoken: 'R', identitytoken: 'T' },
      { kind: 'bearer', token: 'R' },
    ],
    [{}, undefined],
    [{ auth: '' }, undefined],
    [{ auth: null, email: 'a@b.example' }, undefined],
  ])('%j', (fields, credentials) => {
    expect(one(fields)).toEqual(credentials);
  });

  test('an empty entry, the mark of a helper, does not hide what else is there', () => {
    const file = fileOf({ auths: { 'r.example/a': {}, 'r.example': entry('host') } });
    expect(markOf(credentialsIn(file, 'r.example', 'a'))).toBe('host');
  });

  test.each([
    [{ auth: 'c2VjcmV0' }, /"auth" of "r.example" is not "user:password"/],
    [{ auth: '#c2VjcmV0:#' }, /is not "user:password"/],
    [{ auth: Buffer.from('u:\xff\xfe', 'latin1').toString('base64') }, /is not "user:password"/],
    [{ auth: 7 }, /auths\["r.example"\].auth is not a string/],
  ])('%j is refused, and not quoted', (fields, message) => {
    const error = thrown(() => one(fields));
    expect(error.message).toMatch(message);
    expect(`${error.message}${error.hint}`).not.toMatch(/c2VjcmV0|secret/);
  });

  test('what is wrong with another registry’s entry is no matter', () => {
    const file = fileOf({ auths: { broken: { auth: '?' }, 'r.example': entry('x') } });
    expect(markOf(credentialsIn(file, 'r.example'))).toBe('x');
  });
});

describe('helpers', () => {
  const file = fileOf({
    credsStore: 'desktop',
    credHelpers: { 'ecr.example': 'ecr-login', 'https://index.docker.io/v1/': 'hub', 'plain.example': '' },
  });
  test.each([
    ['ecr.example', { name: 'ecr-login', server: 'ecr.example', exclusive: true }],
    ['docker.io', { name: 'hub', server: 'https://index.docker.io/v1/', exclusive: true }],
    ['plain.example', undefined],
    ['r.example:5000', { name: 'desktop', server: 'r.example:5000', exclusive: false }],
  ])('%s', (host, use) => {
    expect(helperFor(file, host)).toEqual(use);
  });

  test('Docker Hub by podman’s name, and by the store', () => {
    expect(helperFor(fileOf({ credHelpers: { 'docker.io': 'x' } }), 'docker.io')?.server).toBe('docker.io');
    expect(helperFor(fileOf({ credsStore: 'x' }), 'docker.io')?.server).toBe('https://index.docker.io/v1/');
    expect(helperFor(fileOf({ credsStore: '' }), 'docker.io')).toBeUndefined();
  });

  test.each(['../../tmp/x', '/bin/sh', '-x', 'a b', 'a;b', 'a\0b'])('"%s" is no name of a program', (name) => {
    for (const value of [{ credsStore: name }, { credHelpers: { 'r.example': name } }]) {
      expect(thrown(() => helperFor(fileOf(value), 'r.example')).message).toMatch(
        /not the name of a credential helper/,
      );
    }
  });
});

describe('files that are broken', () => {
  test.each([
    ['{"auths":{"r.example":{"auth":"c2VjcmV0c2VjcmV0",}}}', /config.json is not JSON \(line 1 column 50\)$/],
    ['c2VjcmV0c2VjcmV0', /is not JSON/],
    ['[]', /is no JSON object/],
    ['{"auths":[]}', /auths is not an object/],
    ['{"auths":{"x":"c2VjcmV0"}}', /auths\["x"\] is not an object/],
    ['{"credHelpers":{"x":{}}}', /credHelpers\["x"\] is not a string/],
    ['{"credsStore":{}}', /credsStore is not a string/],
  ])('%s', (text, message) => {
    const error = thrown(() => parseAuthFile(Buffer.from(text), 'config.json'));
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('c2VjcmV0');
    // What --debug would print.
    expect(error.cause).toBeUndefined();
  });

  test('null is nothing, as Go writes it', () => {
    expect(fileOf({ auths: null, credHelpers: null, credsStore: null }).entries).toEqual([]);
  });
});

describe('changing a file', () => {
  const basic: Credentials = { kind: 'basic', username: 'u', password: 'p' };
  const raw = {
    HttpHeaders: { a: 'b' },
    auths: {
      'https://r.example/v1/': entry('old'),
      'r.example/team': entry('team'),
      'other.example': { auth: 'x', email: 'e' },
    },
    credsStore: 'x',
    unknown: [1, { two: null }],
  };

  test('the registry’s entries give way to one; nothing else changes', () => {
    const after = withCredentials(fileOf(raw), 'r.example', { kind: 'docker', credentials: basic });
    const { 'https://r.example/v1/': _, ...others } = raw.auths;
    expect(after).toEqual({ ...raw, auths: { ...others, 'r.example': { auth: 'dTpw' } } });
    expect(Object.keys(after)).toEqual(Object.keys(raw));
  });

  test('Docker Hub is called what the file’s readers call it', () => {
    const file = fileOf({ auths: { 'index.docker.io': entry('old') } });
    const keys = (kind: 'docker' | 'containers') =>
      Object.keys(withCredentials(file, 'docker.io', { kind, credentials: basic })['auths'] as object);
    expect(keys('docker')).toEqual(['https://index.docker.io/v1/']);
    expect(keys('containers')).toEqual(['docker.io']);
  });

  test('a mark where a helper has them', () => {
    const after = withCredentials(emptyAuthFile('x'), 'r.example', { kind: 'docker', credentials: undefined });
    expect(after).toEqual({ auths: { 'r.example': {} } });
  });

  test('logging out takes the whole registry’s keys, and leaves the namespaces', () => {
    const { raw: after, removed } = withoutRegistry(fileOf(raw), 'r.example');
    expect(removed).toEqual(['https://r.example/v1/']);
    expect(Object.keys(after['auths'] as object)).toEqual(['r.example/team', 'other.example']);
    expect(withoutRegistry(fileOf(raw), 'nowhere.example')).toEqual({ raw, removed: [] });
    expect(withoutEntries(fileOf(raw)).raw).toEqual({ ...raw, auths: {} });
  });

  const text = fc.string({ unit: 'grapheme', maxLength: 20 });
  const credentials: fc.Arbitrary<Credentials> = fc.oneof(
    fc.record({
      kind: fc.constant('basic' as const),
      username: text.filter((name) => name !== '' && !name.includes(':')),
      password: text,
    }),
    fc.record({
      kind: fc.constantFrom('identity' as const, 'bearer' as const),
      token: text.filter((one) => one !== ''),
    }),
  );
  const hosts = fc.constantFrom('docker.io', 'r.example', 'r.example:5000', '[::1]:5000', 'localhost');

  test('what is stored is found again, and by no other host; what is taken away is not', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        hosts,
        credentials,
        fc.constantFrom('docker' as const, 'containers' as const),
        (noise, host, given, kind) => {
          const before = fileOf({ noise, auths: { 'r.example/x': entry('x') } });
          const bytes = Buffer.from(formatAuthFile(withCredentials(before, host, { kind, credentials: given })));
          const after = parseAuthFile(bytes, 'x');
          // NUL is padding at the ends of a password.
          const expected =
            given.kind === 'basic' ? { ...given, password: given.password.replace(/^\0+|\0+$/g, '') } : given;
          expect(credentialsIn(after, host)).toEqual(expected);
          for (const other of ['other.example', 'r.example.x', 'x'])
            expect(credentialsIn(after, other)).toBeUndefined();
          expect(JSON.stringify(after.raw['noise'])).toBe(JSON.stringify(noise));
          const gone = withoutRegistry(after, host);
          expect(gone.removed).toHaveLength(1);
          expect(credentialsIn(fileOf(gone.raw), host)).toBeUndefined();
          expect(Object.keys(gone.raw['auths'] as object)).toEqual(['r.example/x']);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('base64 and back', () => {
    fc.assert(
      fc.property(text, text, (username, password) => {
        fc.pre(username !== '' && !username.includes(':') && !/^\0|\0$/.test(password));
        expect(decodeBasic(encodeBasic(username, password))).toEqual({ kind: 'basic', username, password });
      }),
    );
  });
});

test('from the repository up to the registry', () => {
  expect([...namespaces('a/b/c')]).toEqual(['a/b/c', 'a/b', 'a', '']);
  expect([...namespaces(undefined)]).toEqual(['']);
  expect(keyScope('r.example//a/')).toEqual({ host: 'r.example', path: 'a' });
});

function thrown(run: () => unknown): ImageError {
  try {
    run();
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

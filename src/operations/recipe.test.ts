import { describe, expect, test } from 'vitest';
import { ImageError } from '../base/errors.ts';
import { type PackOptions, recipeOf, requestOf } from './recipe.ts';

const PASSWD = 'root:x:0:0::/root:/bin/sh\nredis:x:103:106::/var/lib/redis:/bin/sh\n';
const request = (options: Partial<PackOptions>) => requestOf({ programs: ['a'], ...options }, PASSWD);

describe('--user', () => {
  test.each([
    ['app', { name: 'app', uid: 10000, gid: 10000 }],
    ['app:5', { name: 'app', uid: 5, gid: 5 }],
    ['app:5:6', { name: 'app', uid: 5, gid: 6 }],
    ['redis', { name: 'redis', uid: 103, gid: 106 }],
    ['redis:7', { name: 'redis', uid: 7, gid: 7 }],
    ['root', { name: 'root', uid: 0, gid: 0 }],
    ['1234', { name: 'user', uid: 1234, gid: 1234 }],
    ['1234:99', { name: 'user', uid: 1234, gid: 99 }],
  ])('%s', (user, expected) => {
    expect(request({ user }).user).toEqual(expected);
  });

  test.each(['', 'a b', 'app:', 'app:x', ':5', 'a:1:2:3'])('"%s" is none', (user) => {
    expect(() => request({ user })).toThrow(ImageError);
  });
});

describe('what makes no sense is said', () => {
  test.each<[Partial<PackOptions>, RegExp]>([
    [{ env: ['HOME'] }, /a value is missing/],
    [{ env: ['=x'] }, /the NAME is missing/],
    [{ programs: [''] }, /the name is empty/],
    [{ stopSignal: 'SIGFOO' }, /no such signal/],
    [{ expose: ['0'] }, /not a port/],
    [{ expose: ['20-10'] }, /not a port/],
    [{ expose: ['http'] }, /not a port/],
    [{ expose: ['70000'] }, /not a port/],
    [{ workdir: 'srv' }, /has to be absolute/],
    [{ volumes: ['data'] }, /has to be absolute/],
    [{ with: ['nothing'] }, /no rule "nothing"/],
    [{ without: ['nothing'] }, /no rule "nothing"/],
  ])('%j', (options, message) => {
    expect(() => request(options)).toThrow(message);
  });
});

test('ports get their protocol, rules their place', () => {
  const made = request({ expose: ['80', '53/udp', '1-2'], with: ['nss'], without: ['go'] });
  expect(made.expose).toEqual(['80/tcp', '53/udp', '1-2/tcp']);
  expect(made.forced).toEqual(new Set(['nss']));
  expect(made.rules.map(({ name }) => name)).not.toContain('go');
});

test('the recipe says what was asked for, and not where from or where to', () => {
  const recipe = recipeOf(
    { programs: ['a'], from: 'rootfs:/somewhere', base: 'b', env: ['A=1'] },
    { os: 'linux', architecture: 'arm64' },
    'sha256:x',
  );
  expect(recipe).toMatchObject({
    programs: ['a'],
    env: ['A=1'],
    platform: 'linux/arm64',
    base: 'sha256:x',
    suggested: false,
  });
  expect(JSON.stringify(recipe)).not.toMatch(/somewhere/);
});

import { expect, test } from 'vitest';
import { localPaths, localPrograms } from './local.ts';

const here = process.cwd();

test('relative paths start where the user is, names stay names', () => {
  for (const from of [undefined, 'host:']) {
    expect(localPrograms(from, ['./hello', 'bin/x', '/bin/y', 'redis', ''])).toEqual([
      `${here}/hello`,
      `${here}/bin/x`,
      '/bin/y',
      'redis',
      '',
    ]);
    expect(localPaths(from)('app:/srv')).toBe(`${here}/app:/srv`);
    expect(localPaths(from)('')).toBe('');
  }
});

test('of another root they are its own', () => {
  expect(localPrograms('oci:x', ['./hello'])).toEqual(['./hello']);
});

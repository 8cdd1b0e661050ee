import { expect, test } from 'vitest';
import { ImageError } from './errors.ts';
import { compileGlob, isGlob } from './glob.ts';

const ROWS: readonly (readonly [pattern: string, path: string, matches: boolean])[] = [
  ['/usr/lib/*.so', '/usr/lib/a.so', true],
  ['/usr/lib/*.so', '/usr/lib/x/a.so', false],
  ['/usr/lib/*.so', '/usr/lib/a+so', false],
  ['/usr/**/a.so', '/usr/a.so', true],
  ['/usr/**/a.so', '/usr/lib/x/a.so', true],
  ['/usr/**', '/usr/lib/x', true],
  ['/usr/**', '/usr', false],
  ['/a?c', '/abc', true],
  ['/a?c', '/a/c', false],
  ['/[a-c]x', '/bx', true],
  ['/[!a-c]x', '/bx', false],
  ['/[!a-c]x', '/dx', true],
  ['/a[!b]c', '/a/c', false],
  ['/[]]x', '/]x', true],
  ['/{one,two}/x', '/two/x', true],
  ['/{one,two}/x', '/three/x', false],
  ['/a,b', '/a,b', true],
  ['/a\\*', '/a*', true],
  ['/a\\*', '/ab', false],
  ['*.pyc', '/usr/lib/python3/x.pyc', true],
  ['*.pyc', '/x.pyc', true],
  ['*.pyc', '/x.py', false],
  ['etc/*', '/etc/passwd', true],
  ['/.*', '/.hidden', true],
  ['/*', '/.hidden', true],
  ['/(a|b)$', '/(a|b)$', true],
  ['/[z-a]', '/b', false],
  ['/[!z-a]', '/b', true],
  ['/[a-]x', '/-x', true],
  ['/?', '/😀', true],
  ['/[😀-😂]', '/😁', true],
  ['/\udc80*', '/\udc80\udc81', true],
  ['/a-b', '/a-b', true],
  ['/a\nb*', '/a\nbc', true],
];

test.each(ROWS)('%s on %s: %s', (pattern, path, matches) => {
  expect(compileGlob(pattern)(path)).toBe(matches);
});

test('what is not closed is a mistake of the user', () => {
  for (const pattern of ['/[a', '/{a,b']) expect(() => compileGlob(pattern)).toThrow(ImageError);
});

test('a plain path is no glob', () => {
  expect(isGlob('/usr/lib/libc.so.6')).toBe(false);
  expect(isGlob('/usr/lib/libc*')).toBe(true);
});

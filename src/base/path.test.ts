import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ancestors, basename, cleanPath, dirname, isWithin, joinPath, splitPath } from './path.ts';

/** Dots and slashes in every order, and names that look like them. */
const paths = fc
  .array(fc.constantFrom('/', '//', '.', '..', '...', '.a', 'a..', 'b', ' ', 'ü'))
  .map((parts) => parts.join(''));
const clean = paths.map(cleanPath);

describe('paths', () => {
  test('cleaning is what POSIX normalisation of an absolute path is, without a slash at the end', () => {
    fc.assert(
      fc.property(paths, (path) => {
        const normal = posix.normalize(`/${path}`);
        expect(cleanPath(path)).toBe(normal.length > 1 ? normal.replace(/\/$/, '') : '/');
      }),
      { numRuns: 5000 },
    );
  });

  test('cleaning a clean path changes nothing', () => {
    fc.assert(
      fc.property(clean, (path) => {
        expect(cleanPath(path)).toBe(path);
      }),
    );
  });

  test('splitting, and directory and base name, lose nothing', () => {
    fc.assert(
      fc.property(clean, (path) => {
        expect(`/${splitPath(path).join('/')}`).toBe(path);
        expect(joinPath(dirname(path), basename(path))).toBe(path);
        expect(basename(path)).toBe(posix.basename(path));
        expect(dirname(path)).toBe(posix.dirname(path));
      }),
    );
  });

  test('a path is within its ancestors and itself, and in nothing else', () => {
    fc.assert(
      fc.property(clean, clean, (path, dir) => {
        const above = path === '/' ? ['/'] : [...ancestors(path), path];
        expect(isWithin(path, dir)).toBe(above.includes(dir));
        expect(ancestors(path)).toEqual(above.slice(0, Math.max(splitPath(path).length, 1)));
      }),
      { numRuns: 2000 },
    );
  });

  test('an absolute right side replaces the left', () => {
    expect(joinPath('/a/b', '../c')).toBe('/a/c');
    expect(joinPath('/a/b', '/c/./d')).toBe('/c/d');
    expect(joinPath('/', '../..')).toBe('/');
  });
});

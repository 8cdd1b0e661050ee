import { describe, expect, test } from 'vitest';
import { cacheIdOf, isCacheOf } from './cache-id.ts';

const PLAIN = { id: '/c', uid: 0, gid: 0, mode: 0o755 };

describe('cacheIdOf', () => {
  test.each([
    ['root', cacheIdOf(PLAIN, undefined), '/c'],
    ['a space', cacheIdOf(PLAIN, 'ns'), 'ns//c'],
    ['an owner', cacheIdOf({ ...PLAIN, uid: 10 }, undefined), '/c (10:0 755)'],
    ['permissions', cacheIdOf({ ...PLAIN, mode: 0o700 }, undefined), '/c (0:0 700)'],
    ['files', cacheIdOf(PLAIN, undefined, 'sha256:0'), '/c (sha256:0)'],
  ])('%s', (_, id, wanted) => {
    expect(id).toBe(wanted);
    expect(isCacheOf(id, wanted.replace(/ .*/, ''))).toBe(true);
    expect(isCacheOf(id, '/')).toBe(false);
  });
});

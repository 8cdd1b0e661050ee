import { expect, test } from 'vitest';
import { ImageError } from '../base/errors.ts';
import { type RootReader, rootFiles } from './disk-root.ts';

const CLOSED: RootReader = {
  lookup: () => undefined,
  list: (path) => {
    throw new ImageError('DENIED', `cannot list ${path}`);
  },
  isVolatile: () => false,
};

test('what cannot be listed is told once, unless nobody misses it', async () => {
  const told: string[] = [];
  const files = rootFiles(
    CLOSED,
    (one) => told.push(JSON.stringify(one)),
    (dir) => dir === '/keys',
  );
  for (const dir of ['/keys', '/srv', '/srv']) expect(await files.list(dir)).toBeUndefined();
  expect(told).toEqual([expect.stringMatching(/cannot list \/srv.*nothing in it can go into an image/)]);
});

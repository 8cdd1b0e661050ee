import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { workplace } from '../../../test/images.ts';
import { EMPTY_TREE } from '../../model/tree.ts';
import { checkTarName, writeTarRoot } from './sink.ts';

test.each(['a.tar.bz2', 'a.tar.xz', 'a.txz', 'dir/a.tar.lz4'])('%s would not be what it says', async (name) => {
  await using place = await workplace();
  const writing = writeTarRoot(EMPTY_TREE, `${place.dir}/${name}`);
  await expect(writing).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('gzip or zstd') });
  expect(readdirSync(place.dir)).toEqual([]);
});

test.each(['-', 'a', 'a.tar', 'a.tgz', 'a.tar.zst', '/dev/null', 'xz'])('%s is fine', (name) => {
  expect(() => checkTarName(name)).not.toThrow();
});

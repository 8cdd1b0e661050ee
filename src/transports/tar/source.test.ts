import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { workplace } from '../../../test/images.ts';
import { openTarRoot } from './source.ts';

test.each([
  ['no tar', Buffer.alloc(1024, 'x'), /header checksum/],
  ['cut off', gzipSync(Buffer.alloc(1024)).subarray(0, 15), /cut off/],
  ['empty', Buffer.alloc(0), /is empty: not even an archive without files/],
])('%s: the message names the file', async (_, bytes, message) => {
  await using place = await workplace();
  const path = `${place.dir}/a.tar`;
  writeFileSync(path, bytes);
  const error = await openTarRoot(path).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'INVALID', message: expect.stringMatching(message) });
  expect((error as Error).message.split(path)).toHaveLength(2);
});

test('a valid tar may have no files', async () => {
  await using place = await workplace();
  const path = `${place.dir}/a.tar`;
  writeFileSync(path, Buffer.alloc(1024));
  await using root = await openTarRoot(path);
  expect(root.tree.root.names).toEqual([]);
});

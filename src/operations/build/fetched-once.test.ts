import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { collect, inPieces } from '../../../test/bytes.ts';
import { digestOf } from '../../base/digest.ts';
import { OCI_CONFIG } from '../../formats/oci/media-types.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import type { Source } from '../../ports/content-store.ts';
import { verified } from '../../ports/verified.ts';
import { hasBlob } from '../../system/layout-directory.ts';
import { fetchedOnce } from './fetched-once.ts';

let store: string;
beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), 'pare-fetched-'));
});
afterEach(() => rmSync(store, { recursive: true, force: true }));

const BYTES = Buffer.from('a layer'.repeat(100_000));
const LAYER: Descriptor = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar',
  digest: digestOf(BYTES),
  size: BYTES.length,
};

/** A source of one layer, which counts how often it is asked. */
function counted(more: Partial<Source> = {}) {
  const asked: string[] = [];
  const source: Source = {
    reference: 'docker://a/b',
    repository: { host: 'a', path: 'b' },
    resolve: async () => LAYER,
    fetch: ({ mediaType }) => {
      asked.push(mediaType);
      return inPieces(BYTES, 65_536);
    },
    referrers: async () => [],
    [Symbol.asyncDispose]: async () => undefined,
    ...more,
  };
  return { source, asked };
}

test('what was read is sent on without asking again', async () => {
  await using stack = new AsyncDisposableStack();
  const { source, asked } = counted();
  const { reading, sending } = fetchedOnce(source, store, stack);
  expect(await collect(reading.fetch(LAYER))).toEqual(BYTES);
  expect(await collect(sending.fetch(LAYER))).toEqual(BYTES);
  expect(await collect(sending.fetch(LAYER))).toEqual(BYTES);
  expect(asked).toHaveLength(1);
  expect(hasBlob(store, LAYER)).toBe(true);
});

test('what the store holds already is not written again', async () => {
  await using stack = new AsyncDisposableStack();
  const { source } = counted();
  const { reading } = fetchedOnce(source, store, stack);
  await collect(reading.fetch(LAYER));
  const path = join(store, 'blobs/sha256', LAYER.digest.slice('sha256:'.length));
  const { ino } = statSync(path);
  await collect(reading.fetch(LAYER));
  expect(statSync(path).ino).toBe(ino);
});

test.each([
  ['other bytes', Buffer.from('a lazer'.repeat(100_000))],
  ['fewer', BYTES.subarray(0, -1)],
  ['more', Buffer.concat([BYTES, Buffer.from('!')])],
])('of a registry that gives %s nothing is kept', async (_, bytes) => {
  await using stack = new AsyncDisposableStack();
  const { source } = counted({ fetch: (layer) => verified(layer, inPieces(bytes, 65_536), 'a registry') });
  const { reading } = fetchedOnce(source, store, stack);
  await expect(collect(reading.fetch(LAYER))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  expect(hasBlob(store, LAYER)).toBe(false);
  expect(readdirSync(join(store, 'tmp'))).toEqual([]);
});

test('without a store it is asked for each time', async () => {
  await using stack = new AsyncDisposableStack();
  const { source, asked } = counted();
  // Nobody makes directories there.
  const { reading, sending } = fetchedOnce(source, '/sys/pare', stack);
  expect(await collect(reading.fetch(LAYER))).toEqual(BYTES);
  expect(await collect(sending.fetch(LAYER))).toEqual(BYTES);
  expect(asked).toHaveLength(2);
});

test('what was read in part, and what is no layer, is asked for', async () => {
  await using stack = new AsyncDisposableStack();
  const { source, asked } = counted();
  const { reading, sending } = fetchedOnce(source, store, stack);
  for await (const _ of reading.fetch(LAYER)) break;
  expect(readdirSync(join(store, 'tmp'))).toEqual([]);
  expect(await collect(sending.fetch(LAYER))).toEqual(BYTES);
  const document = { ...LAYER, mediaType: OCI_CONFIG };
  await collect(reading.fetch(document));
  await collect(sending.fetch(document));
  expect(asked).toEqual([LAYER.mediaType, LAYER.mediaType, OCI_CONFIG, OCI_CONFIG]);
});

test('what lies on this machine is read again where it lies', async () => {
  await using stack = new AsyncDisposableStack();
  const { repository: _, ...source } = counted().source;
  const { reading, sending } = fetchedOnce(source, store, stack);
  expect([reading, sending]).toEqual([source, source]);
});

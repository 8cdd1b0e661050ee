import { expect, test } from 'vitest';
import { collect, inPieces } from '../../../test/bytes.ts';
import { digestOf } from '../../base/digest.ts';
import { OCI_CONFIG } from '../../formats/oci/media-types.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import type { Source } from '../../ports/content-store.ts';
import { fetchedOnce } from './fetched-once.ts';

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
  const { reading, sending } = fetchedOnce(source, stack);
  expect(await collect(reading.fetch(LAYER))).toEqual(BYTES);
  expect(await collect(sending.fetch(LAYER))).toEqual(BYTES);
  expect(await collect(sending.fetch(LAYER))).toEqual(BYTES);
  expect(asked).toHaveLength(1);
});

test('what was read in part, and what is no layer, is asked for', async () => {
  await using stack = new AsyncDisposableStack();
  const { source, asked } = counted();
  const { reading, sending } = fetchedOnce(source, stack);
  for await (const _ of reading.fetch(LAYER)) break;
  expect(await collect(sending.fetch(LAYER))).toEqual(BYTES);
  const document = { ...LAYER, mediaType: OCI_CONFIG };
  await collect(reading.fetch(document));
  await collect(sending.fetch(document));
  expect(asked).toEqual([LAYER.mediaType, LAYER.mediaType, OCI_CONFIG, OCI_CONFIG]);
});

test('what lies on this machine is read again where it lies', async () => {
  await using stack = new AsyncDisposableStack();
  const { repository: _, ...source } = counted().source;
  const { reading, sending } = fetchedOnce(source, stack);
  expect([reading, sending]).toEqual([source, source]);
});

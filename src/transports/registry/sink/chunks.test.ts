import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Chunk, chunksOf, SpareBuffers } from './chunks.ts';

async function* of(sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let next = 0;
  for (const size of sizes) yield Uint8Array.from({ length: size }, () => next++ % 251);
}

test('all bytes in order, in chunks of the size, whatever pieces they come in', async () => {
  const spare = new SpareBuffers(10);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(40)), fc.integer({ min: 1, max: 50 }), async (sizes, size) => {
      const all: number[] = [];
      const lengths: number[] = [];
      const last: boolean[] = [];
      for await (const { bytes, isLast } of chunksOf(of(sizes), size, spare)) {
        await new Promise((resolve) => setImmediate(resolve)); // the next chunk is being read meanwhile
        all.push(...bytes);
        lengths.push(bytes.length);
        last.push(isLast);
      }
      const total = sizes.reduce((sum, one) => sum + one, 0);
      expect(all).toEqual(Array.from({ length: total }, (_, i) => i % 251));
      expect(lengths.slice(0, -1).every((length) => length === size)).toBe(true);
      expect(last).toEqual(lengths.map((_, i) => i === lengths.length - 1));
    }),
    { numRuns: 200 },
  );
});

test('no buffer is lent again while the last chunk is in use; then it is', async () => {
  const spare = new SpareBuffers(10);
  const chunks = chunksOf(of([10]), 10, spare);
  const { bytes } = (await chunks.next()).value as Chunk;
  await new Promise((resolve) => setImmediate(resolve));
  expect(spare.take(10).buffer).not.toBe(bytes.buffer);
  expect((await chunks.next()).done).toBe(true);
  expect(spare.take(10).buffer).toBe(bytes.buffer);
});

test('who stops early closes the source', async () => {
  let isClosed = false;
  async function* source() {
    try {
      for (;;) yield new Uint8Array(10);
    } finally {
      isClosed = true;
    }
  }
  for await (const _ of chunksOf(source(), 25, new SpareBuffers(25))) break;
  expect(isClosed).toBe(true);
});

import { spawnSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { collect, inPieces, layerLike } from '../../../test/bytes.ts';
import { Digester, digestOf } from '../../base/digest.ts';
import { gzip } from './gzip.ts';
import { PROFILE } from './profile.ts';
import { selfTest } from './self-test.ts';

const BLOCK = PROFILE.gzip.blockSize;

describe('gzip', () => {
  it.each([0, 1, 1000, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3_000_000])(
    'makes one member of %i bytes',
    async (size) => {
      const input = layerLike(size);
      const made = await collect(gzip(inPieces(input, 65_536), { size }));
      expect(gunzipSync(made).equals(input)).toBe(true);
      // Fixed header: no time, no name, no system.
      expect([...made.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
      expect(made.readUInt32LE(made.length - 4)).toBe(size);
    },
  );

  it('gives the same bytes however it is fed and however many threads there are', async () => {
    const input = layerLike(2_500_000);
    const size = input.length;
    const reference = digestOf(await collect(gzip(inPieces(input, size), { size })));
    for (const [piece, concurrency] of [
      [1 << 20, 1],
      [1000, 3],
      [BLOCK, 16],
      [BLOCK + 1, 2],
    ] as const) {
      expect(digestOf(await collect(gzip(inPieces(input, piece), { size, concurrency })))).toBe(reference);
    }
  });

  it('is understood by gzip itself, as one member', async () => {
    const input = layerLike(1_500_000);
    const made = await collect(gzip(inPieces(input, 1 << 20), { size: input.length }));
    const { stdout, status } = spawnSync('gzip', ['-dc'], { input: made, maxBuffer: 1 << 24 });
    expect(status).toBe(0);
    expect(digestOf(stdout)).toBe(digestOf(input));
  });

  it('digests its input on the way', async () => {
    const bytes = layerLike(1_000_000);
    const input = new Digester();
    await collect(gzip(inPieces(bytes, 10_000), { size: bytes.length, input }));
    expect(input.digest()).toBe(digestOf(bytes));
  });

  it('says so where the size announced is wrong: it chose the level', async () => {
    await expect(collect(gzip(inPieces(layerLike(10), 10), { size: 11 }))).rejects.toThrow('bug: 10 bytes');
  });

  it('stops at the signal, and closes its source', async () => {
    const controller = new AbortController();
    let closed = false;
    async function* endless() {
      try {
        for (let i = 0; ; i++) {
          if (i === 20) controller.abort(new Error('enough'));
          yield new Uint8Array(BLOCK);
        }
      } finally {
        closed = true;
      }
    }
    const made = gzip(endless(), { size: 0, signal: controller.signal });
    await expect(collect(made)).rejects.toThrow('enough');
    expect(closed).toBe(true);
  });

  it('passes on what its source throws', async () => {
    async function* failing() {
      yield new Uint8Array(BLOCK + 1);
      throw new Error('disk on fire');
    }
    await expect(collect(gzip(failing(), { size: 0 }))).rejects.toThrow('disk on fire');
  });
});

it.each(['gzip', 'zstd'] as const)('this Node.js gives the recorded bytes: %s', async (compression) => {
  expect(await selfTest(compression)).toBe(true);
});

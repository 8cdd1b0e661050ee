import { gunzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decompress } from './decompress.ts';
import { detectCompression } from './detect.ts';
import { gzip } from './gzip.ts';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  // One buffer used again and again, as sources may do.
  const buffer = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    buffer.set(piece);
    yield buffer.subarray(0, piece.length);
    buffer.fill(0xee);
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const out: Buffer[] = [];
  for await (const piece of source) out.push(Buffer.from(piece));
  return Buffer.concat(out);
}

/** Text that compresses, and noise that does not. */
function sample(size: number): Buffer {
  const out = Buffer.alloc(size);
  let state = 1;
  for (let i = 0; i < size; i++) {
    state = (state * 1103515245 + 12345) % 2147483648;
    out[i] = i % 700_000 < 350_000 ? 97 + ((state >> 16) % 5) : state >> 16;
  }
  return out;
}

describe('gzip', () => {
  it.each([0, 1, 1000, 512 * 1024, 512 * 1024 + 1, 3_000_000])('makes one member of %i bytes', async (size) => {
    const input = sample(size);
    const reference = await collect(gzip(pieces(input, 65_536), { size }));
    expect(gunzipSync(reference)).toEqual(input);
    for (const [piece, concurrency] of [
      [1 << 20, 1],
      [1000, 3],
    ] as const) {
      expect(await collect(gzip(pieces(input, piece), { size, concurrency }))).toEqual(reference);
    }
  });
});

describe('zstd', () => {
  it.each([1, 3, 4, 5, 100, 100_000])('reads many frames in pieces of %i', async (size) => {
    const parts = [0, 1, 70_000, 5].map(sample);
    const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2]);
    const bytes = Buffer.concat([skippable, ...parts.flatMap((part) => [zstdCompressSync(part), skippable])]);
    expect(await collect(decompress(pieces(bytes, size), 'zstd'))).toEqual(Buffer.concat(parts));
    expect(detectCompression(bytes)).toBe('zstd');
  });
});

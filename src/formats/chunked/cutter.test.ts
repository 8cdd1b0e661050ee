import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContentCutter } from './content-cutter.ts';
import { type Chunk, type Cutter, FixedCutter, LARGEST_CHUNK } from './cutter.ts';

function cut(cutter: Cutter, bytes: Buffer, piece: number): Chunk[] {
  const chunks: Chunk[] = [];
  const buffer = Buffer.alloc(piece);
  for (let at = 0; at < bytes.length; at += piece) {
    const part = bytes.subarray(at, at + piece);
    buffer.set(part);
    chunks.push(...cutter.push(buffer.subarray(0, part.length)));
    buffer.fill(0xee);
  }
  chunks.push(...cutter.end());
  return chunks;
}

const sizes = (chunks: readonly Chunk[]) => chunks.map(({ bytes }) => bytes.length);
const joined = (chunks: readonly Chunk[]) => Buffer.concat(chunks.map(({ bytes }) => bytes));

/** The same everywhere: a linear congruential generator. */
function noise(size: number, seed = 1): Buffer {
  const out = Buffer.alloc(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    out[i] = state >>> 16;
  }
  return out;
}

/** bup's rolling checksum, as plainly as can be, over what containers/storage gives it. */
function plainCuts(bytes: Buffer): number[] {
  const window = Array<number>(64).fill(0);
  let s1 = 64 * 31;
  let s2 = 64 * 63 * 31;
  const out: number[] = [];
  let size = 0;
  const roll = (byte: number) => {
    const drop = window.shift() as number;
    window.push(byte);
    s1 += byte - drop;
    s2 += s1 - 64 * (drop + 31);
  };
  const take = () => {
    if (size > 0) out.push(size);
    size = 0;
  };
  for (let at = 0; at < bytes.length; ) {
    let zeros = 0;
    while (bytes[at + zeros] === 0) zeros++;
    if (zeros >= 1024) {
      take();
      for (let i = 0; i < zeros; i++) roll(0);
      out.push(zeros);
      at += zeros;
      continue;
    }
    roll(bytes[at++] as number);
    size++;
    if ((s2 & 0xffff) === 0xffff) take();
  }
  take();
  return out;
}

describe('cutting by content', () => {
  const bytes = Buffer.concat([
    noise(900_000),
    Buffer.alloc(5000),
    noise(300_000, 7),
    Buffer.alloc(1023),
    noise(10_000, 3),
    Buffer.alloc(1024),
    noise(100, 9),
    Buffer.alloc(4096),
  ]);

  it('cuts where the plain formula does', () => {
    const chunks = cut(new ContentCutter(), bytes, 10_007);
    expect(sizes(chunks)).toEqual(plainCuts(bytes));
    expect(chunks.length).toBeGreaterThan(10);
    expect(joined(chunks).equals(bytes)).toBe(true);
  });

  it('says of long runs of zeros that they are, and of nothing else', () => {
    const chunks = cut(new ContentCutter(), bytes, 65_536);
    expect(sizes(chunks.filter(({ zeros }) => zeros))).toEqual([5000, 1024, 4096]);
    for (const { bytes: chunk, zeros } of chunks) if (zeros) expect(chunk.every((byte) => byte === 0)).toBe(true);
  });

  it('finds the same chunks again behind an insertion', () => {
    const changed = Buffer.concat([bytes.subarray(0, 400_000), Buffer.from('a few words'), bytes.subarray(400_000)]);
    const texts = (from: Buffer) =>
      cut(new ContentCutter(), from, 50_000).map((chunk) => chunk.bytes.toString('latin1'));
    const before = new Set(texts(bytes));
    expect(texts(changed).filter((text) => !before.has(text)).length).toBeLessThanOrEqual(2);
  });

  it('keeps chunks within a bound, whatever the content', () => {
    const same = Buffer.alloc(2 * LARGEST_CHUNK + 5, 1);
    expect(sizes(cut(new ContentCutter(), same, 1 << 20))).toEqual([LARGEST_CHUNK, LARGEST_CHUNK, 5]);
    const zeros = cut(new ContentCutter(), Buffer.alloc(2 * LARGEST_CHUNK + 5), 1 << 20);
    expect(sizes(zeros)).toEqual([LARGEST_CHUNK, LARGEST_CHUNK, 5]);
    expect(zeros.every((chunk) => chunk.zeros)).toBe(true);
  });

  it('is as new at the end of a file', () => {
    const cutter = new ContentCutter();
    const first = sizes(cut(cutter, bytes, 4096));
    expect(sizes(cut(cutter, bytes, 4096))).toEqual(first);
  });

  it('depends on the content alone, not on the pieces it comes in', () => {
    const part = fc.oneof(
      fc.nat(2000).map((size) => Buffer.alloc(size)),
      fc.tuple(fc.nat(50_000), fc.nat(9)).map(([size, seed]) => noise(size, seed)),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.integer({ min: 1, max: 9000 }), (parts, piece) => {
        const all = Buffer.concat(parts);
        const chunks = cut(new ContentCutter(), all, piece);
        expect(sizes(chunks)).toEqual(plainCuts(all));
        expect(joined(chunks).equals(all)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});

it('cuts into equal chunks', () => {
  const bytes = noise(1000);
  const chunks = cut(new FixedCutter(300), bytes, 77);
  expect(sizes(chunks)).toEqual([300, 300, 300, 100]);
  expect(joined(chunks).equals(bytes)).toBe(true);
  expect(sizes(cut(new FixedCutter(500), bytes, 1000))).toEqual([500, 500]);
  expect(cut(new FixedCutter(), Buffer.alloc(0), 10)).toEqual([]);
});

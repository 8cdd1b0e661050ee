import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layerLike } from '../../../test/bytes.ts';
import { digestOf } from '../../base/digest.ts';
import type { Manifest } from '../oci/types.ts';
import { LARGEST_PIECE, PieceCutter, SMALLEST_PIECE } from './cutter.ts';
import { encodePieces, PIECE, PIECES_CONFIG, parsePieces, WHOLE } from './document.ts';

function cut(bytes: Buffer, part: number): Buffer[] {
  const cutter = new PieceCutter();
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += part) pieces.push(...cutter.push(bytes.subarray(at, at + part)));
  return [...pieces, ...cutter.end()];
}

const sizes = (pieces: readonly Buffer[]) => pieces.map(({ length }) => length);

/** Bytes without a pattern. */
function noise(size: number, seed: number): Buffer {
  const out = Buffer.alloc(size);
  let state = seed;
  for (let i = 0; i + 4 <= size; i += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    out.writeInt32LE(state, i);
  }
  return out;
}

describe('cutting into pieces', () => {
  const bytes = noise(24_000_000, 7);

  it('gives pieces of bounded size that make the blob', () => {
    const pieces = cut(bytes, 65_536);
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    for (const size of sizes(pieces.slice(0, -1))) {
      expect(size).toBeGreaterThanOrEqual(SMALLEST_PIECE);
      expect(size).toBeLessThanOrEqual(LARGEST_PIECE);
    }
    expect(pieces.length).toBeGreaterThan(24);
    expect(pieces.length).toBeLessThan(72);
  });

  it('cuts where it always did', () => {
    expect(sizes(cut(bytes, 1 << 20)).slice(0, 4)).toEqual([372_299, 293_835, 165_132, 206_984]);
  });

  it('finds the same pieces again behind a change', () => {
    const changed = Buffer.concat([bytes.subarray(0, 9_000_000), Buffer.from('more'), bytes.subarray(9_000_000)]);
    const before = new Set(cut(bytes, 1 << 20).map((piece) => digestOf(piece)));
    const fresh = cut(changed, 1 << 20).filter((piece) => !before.has(digestOf(piece)));
    expect(fresh.length).toBeLessThanOrEqual(2);
  });

  it('does not depend on the parts it comes in', () => {
    const small = layerLike(3_000_000);
    const whole = sizes(cut(small, small.length));
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 2_000_000 }), (part) => {
        expect(sizes(cut(small, part))).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  it('knows an end where nothing speaks for one', () => {
    expect(sizes(cut(Buffer.alloc(5_000_000, 1), 99_999))).toEqual([
      LARGEST_PIECE,
      LARGEST_PIECE,
      5_000_000 - 2 * LARGEST_PIECE,
    ]);
    expect(cut(Buffer.alloc(0), 1)).toEqual([]);
  });
});

describe('the document of pieces', () => {
  const of = (mediaType: string, text: string) => ({ mediaType, digest: digestOf(text), size: text.length });
  const document = {
    root: of('application/vnd.oci.image.manifest.v1+json', '{}'),
    blobs: [{ digest: digestOf('abcd'), size: 4, pieces: 2 }],
    referrers: [],
  };
  const manifestOf = (...layers: ReturnType<typeof of>[]): Manifest => ({
    schemaVersion: 2,
    config: of(PIECES_CONFIG, ''),
    layers,
  });

  it('is read as it was written', () => {
    const manifest = manifestOf(of(WHOLE, '{}'), of(PIECE, 'ab'), of(PIECE, 'cd'));
    const read = parsePieces(encodePieces(document), manifest);
    expect(read.document).toEqual(document);
    expect([...read.wholes.keys()]).toEqual([digestOf('{}')]);
    expect(read.pieces.get(digestOf('abcd'))?.map(({ digest }) => digest)).toEqual([digestOf('ab'), digestOf('cd')]);
  });

  it.each([
    ['a piece is missing', manifestOf(of(PIECE, 'abcd'))],
    ['a size is another', manifestOf(of(PIECE, 'ab'), of(PIECE, 'c'))],
    ['a piece is none', manifestOf(of(PIECE, 'ab'), of('application/x', 'cd'))],
    ['there are none', manifestOf()],
  ])('is refused where %s', (_, manifest) => {
    expect(() => parsePieces(encodePieces(document), manifest)).toThrowError(
      expect.objectContaining({ code: 'INVALID' }),
    );
  });
});

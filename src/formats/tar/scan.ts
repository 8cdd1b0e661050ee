/**
 * Reading a tar archive whose bytes can be read at any position: headers in large pieces, bodies passed over.
 * @module
 */
import type { TarEntry } from './entry.ts';
import { type TarOptions, TarParser } from './parser.ts';

/** The part of a `Blob` that scanning needs. */
export interface RandomAccess {
  /** Exactly `length` bytes from `offset`. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/**
 * What is read at once where headers lie close together, and where they lie far apart. One read costs about as much as
 * copying {@link FAR} bytes, so that beyond it seeking is cheaper than reading bodies.
 */
const DENSE = 1024 * 1024;
const SPARSE = 4096;
const FAR = 96 * 1024;

/**
 * Every entry in archive order. Stops at two blocks of zeros; what lies behind them is not looked at.
 * @param size of the archive in bytes
 * @throws ImageError INVALID, LIMIT, UNSUPPORTED
 */
export async function* scanTar(
  source: RandomAccess,
  size: number,
  options: Omit<TarOptions, 'size'> = {},
): AsyncGenerator<TarEntry> {
  const parser = new TarParser({ ...options, size });
  let window: Uint8Array = new Uint8Array(0);
  let from = 0;
  /** Mean distance of late between what was wanted, in bytes. */
  let distance = 0;
  while (!parser.done) {
    const { offset, length } = parser;
    if (offset + length > size) {
      parser.end(size);
      return;
    }
    if (offset < from || offset + length > from + window.length) {
      const wish = distance > FAR ? SPARSE : DENSE;
      window = await source.read(offset, Math.min(Math.max(wish, length), size - offset));
      from = offset;
    }
    const entry = parser.take(window, offset - from);
    distance += (parser.offset - offset - distance) / 8;
    if (entry !== undefined) yield entry;
  }
}

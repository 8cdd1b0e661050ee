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
  /** The same at once, into the beginning of `target`, where that is possible: much cheaper for few bytes. */
  readInto?(target: Uint8Array, offset: number, length: number): void;
}

/**
 * How much is read at once where headers lie close together, and what distance between them is "close": one read costs
 * about as much as copying so many bytes, so that seeking is cheaper beyond it.
 */
interface Cost {
  readonly dense: number;
  readonly close: number;
}

const AT_ONCE: Cost = { dense: 64 * 1024, close: 8 * 1024 };
const THREADED: Cost = { dense: 1024 * 1024, close: 96 * 1024 };

/** What is read where headers lie far apart: a header with its PAX records, mostly. */
const SEEKING = 4096;

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
  const { dense, close } = source.readInto === undefined ? THREADED : AT_ONCE;
  const own = new Uint8Array(source.readInto === undefined ? 0 : dense);
  let window: Uint8Array = own;
  let from = 0;
  let to = 0;
  /** Mean distance of late from one piece wanted to the next. */
  let distance = 0;
  while (!parser.done) {
    const { offset, length } = parser;
    if (offset + length > size) {
      parser.end(size);
      return;
    }
    if (offset < from || offset + length > to) {
      const count = Math.min(Math.max(distance > close ? SEEKING : dense, length), size - offset);
      if (source.readInto !== undefined && count <= own.length) {
        source.readInto(own, offset, count);
        window = own;
      } else {
        window = await source.read(offset, count);
      }
      from = offset;
      to = offset + count;
    }
    const entry = parser.take(window, offset - from);
    distance += (parser.offset - offset - distance) / 8;
    if (entry !== undefined) yield entry;
  }
}

/**
 * Sparse files, in the four forms GNU tar has written (GNU tar manual, "Storing Sparse Files"): the old header with its
 * extension blocks, and PAX formats 0.0, 0.1 (map in records) and 1.0 (map in front of the data).
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { decodeName } from '../../base/names.ts';
import { BLOCK } from './header.ts';
import { parseNumber } from './numbers.ts';
import { type PaxRecords, parseDecimal } from './pax.ts';

/** A piece of a sparse file that is not a hole: `size` bytes of the archive from `offset` stand at `at` in the file. */
export interface Extent {
  readonly at: number;
  readonly offset: number;
  readonly size: number;
}

/** The map as it comes out of an archive: positions and sizes in turn. */
export type SparseMap = number[];

const OLD_HEADER = { map: 386, pairs: 4, extended: 482, realSize: 483 } as const;
const OLD_EXTENSION = { map: 0, pairs: 21, extended: 504 } as const;
const WIDTH = 12;

/** Adds the pairs of an old GNU header to `map`. @returns whether an extension block follows */
export function readOldHeader(block: Uint8Array, at: number, map: SparseMap): boolean {
  return readOld(block, at, OLD_HEADER, map);
}

/** The same for an extension block. */
export function readOldExtension(block: Uint8Array, at: number, map: SparseMap): boolean {
  return readOld(block, at, OLD_EXTENSION, map);
}

export function oldRealSize(block: Uint8Array, at: number): number {
  return parseNumber(block, at + OLD_HEADER.realSize, WIDTH);
}

function readOld(
  block: Uint8Array,
  at: number,
  layout: typeof OLD_HEADER | typeof OLD_EXTENSION,
  map: SparseMap,
): boolean {
  for (let i = 0; i < layout.pairs; i++) {
    const pair = at + layout.map + i * 2 * WIDTH;
    if (block[pair] === 0 || block[pair + WIDTH] === 0) break;
    map.push(parseNumber(block, pair, WIDTH), parseNumber(block, pair + WIDTH, WIDTH));
  }
  return block[at + layout.extended] !== 0;
}

/** What PAX records say of a sparse file; undefined where they describe none. */
export interface PaxSparse {
  readonly realSize: number;
  /** Undefined in format 1.0, where it precedes the data. */
  readonly map: SparseMap | undefined;
}

/** @throws ImageError INVALID, without saying where */
export function paxSparse(records: PaxRecords): PaxSparse | undefined {
  const text = (key: string) => {
    const value = records.get(`GNU.sparse.${key}`);
    return value === undefined ? undefined : decodeName(value);
  };
  const major = text('major');
  const minor = text('minor');
  const format1 = major === '1' && minor === '0';
  const pairs = text('map');
  if (!format1 && pairs === undefined) return undefined;
  if (!format1 && major !== undefined && !(major === '0' && (minor === '0' || minor === '1'))) {
    throw new ImageError('UNSUPPORTED', `sparse format ${major}.${minor ?? '?'} is unknown`);
  }
  const realSize = parseDecimal(text('realsize') ?? text('size') ?? '');
  if (Number.isNaN(realSize)) throw invalid('its size is missing or malformed');
  return { realSize, map: format1 ? undefined : parseMapRecord(pairs ?? '', text('numblocks')) };
}

function parseMapRecord(pairs: string, blocks: string | undefined): SparseMap {
  const map = pairs === '' ? [] : pairs.split(',').map(parseDecimal);
  if (blocks !== undefined && parseDecimal(blocks) * 2 !== map.length) throw invalid('the number of pieces is wrong');
  return map;
}

/** Reads the map of format 1.0: a count and then its pairs, one decimal number a line, padded to whole blocks. */
export class MapReader {
  readonly map: SparseMap = [];
  #wanted = -1;
  #digits = '';

  /** Takes the next block. @returns whether the map is complete. @throws ImageError INVALID */
  take(block: Uint8Array, at: number): boolean {
    for (let i = at; i < at + BLOCK; i++) {
      if (this.map.length === this.#wanted) return true;
      const byte = block[i] as number;
      if (byte !== 0x0a) {
        this.#digits += String.fromCharCode(byte);
        if (this.#digits.length > 20) throw invalid('a number in its map is too long');
        continue;
      }
      const value = parseDecimal(this.#digits);
      this.#digits = '';
      if (Number.isNaN(value)) throw invalid('its map holds something that is no number');
      if (this.#wanted < 0) this.#wanted = value * 2;
      else this.map.push(value);
    }
    return this.map.length === this.#wanted;
  }

  /** How many numbers are still to come: what limits are checked against. */
  get announced(): number {
    return this.#wanted;
  }
}

/**
 * Checks a map and places it: ascending, not overlapping, inside the file, and as many bytes as are stored. Empty pieces are
 * left out and adjacent ones joined.
 * @param data offset of the stored bytes in the archive
 * @throws ImageError INVALID
 */
export function placeExtents(map: SparseMap, realSize: number, data: number, stored: number): Extent[] {
  if (map.length % 2 !== 0) throw invalid('its map ends in the middle of a pair');
  const extents: Extent[] = [];
  let used = 0;
  let end = 0;
  for (let i = 0; i < map.length; i += 2) {
    const at = map[i] as number;
    const size = map[i + 1] as number;
    if (!(at >= end && size >= 0 && at + size <= realSize))
      throw invalid('its map is out of order or outside the file');
    end = at + size;
    if (size === 0) continue;
    const last = extents.at(-1);
    if (last !== undefined && last.at + last.size === at)
      extents[extents.length - 1] = { ...last, size: last.size + size };
    else extents.push({ at, offset: data + used, size });
    used += size;
  }
  if (used !== stored) throw invalid(`its map names ${used} bytes, and ${stored} are stored`);
  return extents;
}

function invalid(why: string): ImageError {
  return new ImageError('INVALID', `broken sparse file: ${why}`);
}

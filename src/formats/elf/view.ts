/**
 * An ELF file as a parser sees it: ranges as DataViews in the file's byte order, read in large pieces that are kept for the
 * time of one parse, since what a parser wants lies close together.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { decodeName } from '../../base/names.ts';
import type { ReadRange } from './types.ts';

/** One piece: large enough that the headers, dynamic symbols and strings of most files are one read. */
const PIECE = 64 * 1024;

/** Longest single string that is taken: a search path of Nix has some thousand bytes. */
const STRING_LIMIT = 64 * 1024;

/** All strings that are read one by one in a parse, together: what a file needs has some hundred bytes. */
const STRINGS_LIMIT = 16 * 1024 * 1024;

export interface ElfView {
  readonly size: number;
  readonly bits: 32 | 64;
  readonly little: boolean;
  /** Exactly this range. @throws ImageError INVALID where the file ends before */
  read(offset: number, size: number): Promise<DataView>;
  /** The string that starts there and ends with NUL. @throws ImageError INVALID where it does not end, or there is too much */
  text(offset: number): Promise<string>;
}

/** Byte order and word size as e_ident gives them. */
export interface Layout {
  readonly bits: 32 | 64;
  readonly endian: 'little' | 'big';
}

/** @param head the file's first bytes, if they were read already */
export function openView(read: ReadRange, size: number, layout: Layout, head: Uint8Array = new Uint8Array()): ElfView {
  const pieces = new Map<number, Uint8Array>();
  const piece = async (index: number): Promise<Uint8Array> => {
    const known = pieces.get(index);
    if (known !== undefined) return known;
    const wanted = Math.min(PIECE, size - index * PIECE);
    const bytes = await read(index * PIECE, wanted);
    if (bytes.length < wanted) throw broken(`the file ends before byte ${index * PIECE + wanted}`);
    pieces.set(index, bytes);
    return bytes;
  };
  const gather = async (offset: number, length: number): Promise<Uint8Array> => {
    if (offset + length <= head.length) return head.subarray(offset, offset + length);
    const first = Math.floor(offset / PIECE);
    const last = Math.floor(Math.max(offset, offset + length - 1) / PIECE);
    if (first === last) return (await piece(first)).subarray(offset - first * PIECE, offset - first * PIECE + length);
    if (last - first > 2) return read(offset, length);
    const parts: Uint8Array[] = [];
    for (let index = first; index <= last; index++) parts.push(await piece(index));
    const start = offset - first * PIECE;
    return Buffer.concat(parts).subarray(start, start + length);
  };
  const readRange = async (offset: number, length: number): Promise<Uint8Array> => {
    if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
      throw broken(`a table at ${offset} of ${length} bytes lies outside its ${size} bytes`);
    }
    const bytes = length === 0 ? new Uint8Array() : await gather(offset, length);
    if (bytes.length < length) throw broken(`the file ends before byte ${offset + length}`);
    return bytes;
  };
  let budget = STRINGS_LIMIT;
  return {
    size,
    bits: layout.bits,
    little: layout.endian === 'little',
    read: async (offset, length) => {
      const bytes = await readRange(offset, length);
      return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    text: async (offset) => {
      const parts: Uint8Array[] = [];
      for (
        let at = offset, step = 256;
        at < size && at - offset < STRING_LIMIT && budget > 0;
        at += step, step = 4096
      ) {
        const bytes = await readRange(at, Math.min(step, size - at));
        const end = bytes.indexOf(0);
        parts.push(end < 0 ? bytes : bytes.subarray(0, end));
        budget -= end < 0 ? bytes.length : end + 1;
        if (end >= 0) return decodeName(parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts));
      }
      throw broken(`the string at ${offset} does not end`);
    },
  };
}

/** A word of the class's size (Elf32_Addr, Elf64_Addr, Elf64_Xword): 4 or 8 bytes. */
export function word(view: DataView, at: number, elf: Pick<ElfView, 'bits' | 'little'>): number {
  return elf.bits === 32 ? view.getUint32(at, elf.little) : u64(view, at, elf.little);
}

export function u64(view: DataView, at: number, little: boolean): number {
  const low = view.getUint32(little ? at : at + 4, little);
  const high = view.getUint32(little ? at + 4 : at, little);
  return high * 0x1_0000_0000 + low;
}

/**
 * Strings of a table by their offsets; `''` outside of it. Tables share the ends of strings, but not without end: names that
 * make many times the table's size are a trap, and end in an error.
 * @throws ImageError INVALID
 */
export function stringTable(bytes: Uint8Array): (offset: number) => string {
  let budget = 8 * bytes.length + STRINGS_LIMIT;
  return (offset) => {
    if (offset >= bytes.length) return '';
    const found = bytes.indexOf(0, offset);
    const end = found < 0 ? bytes.length : found;
    budget -= end - offset;
    if (budget < 0) throw broken('its names overlap without end');
    return decodeName(bytes.subarray(offset, end));
  };
}

export function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

export function broken(what: string): ImageError {
  return new ImageError('INVALID', `broken ELF file: ${what}`, {
    hint: 'the file is damaged or was cut short; install it again, or leave it out',
  });
}

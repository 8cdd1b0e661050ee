/**
 * The bytes of a directory (`struct erofs_dirent`; "Directories" in the kernel's Documentation/filesystems/erofs.rst): blocks, each with fixed
 * records first and the names they point to behind them, so that a name is found by halving, over the blocks and in one.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { encodeName, printableName } from '../../base/names.ts';
import { BLOCK } from './types.ts';

/** By kind of node, as in readdir(3). */
const FILE_TYPES = { file: 1, dir: 2, char: 3, block: 4, fifo: 5, symlink: 7 } as const;

const RECORD = 12;
const LONGEST_NAME = 255;

export interface DirectoryEntry {
  readonly name: Buffer;
  readonly kind: keyof typeof FILE_TYPES;
  readonly nid: number;
}

export const SELF = Buffer.from('.');
export const PARENT = Buffer.from('..');

/** @throws ImageError UNSUPPORTED, INVALID for what is no name */
export function fileName(name: string): Buffer {
  const bytes = encodeName(name);
  if (bytes.length > LONGEST_NAME) {
    throw new ImageError(
      'UNSUPPORTED',
      `the name "${printableName(name)}" has ${bytes.length} bytes, and EROFS holds ${LONGEST_NAME}`,
    );
  }
  if (bytes.length === 0 || bytes.includes(0) || bytes.includes(0x2f) || bytes.equals(SELF) || bytes.equals(PARENT)) {
    throw new ImageError('INVALID', `the tree has an entry named "${printableName(name)}", which no file can be named`);
  }
  return bytes;
}

/** Names in the order in which a directory has them: that of their bytes. */
export function byteOrder(a: { readonly name: Buffer }, b: { readonly name: Buffer }): number {
  return Buffer.compare(a.name, b.name);
}

/** Of a directory of these names and its two own, in byte order. */
export function directorySize(names: readonly { readonly name: Buffer }[]): number {
  let size = 0;
  for (const { end, used } of blocksOf(names)) size += end === names.length ? used : BLOCK;
  return size;
}

/** @param entries those of the directory itself and of its parent among them, in byte order */
export function writeDirectory(entries: readonly DirectoryEntry[], target: Buffer): void {
  let at = 0;
  for (const { start, end } of blocksOf(entries)) {
    let nameAt = (end - start) * RECORD;
    for (let i = start; i < end; i++) {
      const { name, kind, nid } = entries[i] as DirectoryEntry;
      const record = at + (i - start) * RECORD;
      target.writeBigUInt64LE(BigInt(nid), record);
      target.writeUInt16LE(nameAt, record + 8);
      target.writeUInt8(FILE_TYPES[kind], record + 10);
      target.set(name, at + nameAt);
      nameAt += name.length;
    }
    at += BLOCK;
  }
}

interface DirectoryBlock {
  readonly start: number;
  readonly end: number;
  /** Bytes; what is left of the block is zeros, which end the last name. */
  readonly used: number;
}

function* blocksOf(names: readonly { readonly name: Buffer }[]): Generator<DirectoryBlock> {
  let [start, used] = [0, 0];
  for (const [i, { name }] of names.entries()) {
    const more = RECORD + name.length;
    if (used + more > BLOCK) {
      yield { start, end: i, used };
      [start, used] = [i, 0];
    }
    used += more;
  }
  yield { start, end: names.length, used };
}

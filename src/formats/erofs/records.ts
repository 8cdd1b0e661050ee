/**
 * The fixed records of an EROFS image (`struct erofs_super_block`, `struct erofs_deviceslot`, `struct erofs_inode_extended` of the
 * kernel's fs/erofs/erofs_fs.h): the superblock, the table of other devices, and inodes.
 * @module
 */
import { BLOCK } from './types.ts';

const MAGIC = 0xe0f5e1e2;
const SUPERBLOCK = 1024;
const SUPERBLOCK_SIZE = 128;
const DEVICE_SIZE = 128;
/** Times are those of the last modification. */
const COMPATIBLE_MTIME = 0x2;
const INCOMPATIBLE_DEVICE_TABLE = 0x8;

/** Bytes in front of the metadata: superblock and table, to the next block. */
export function headSize(devices: number): number {
  return Math.ceil((SUPERBLOCK + SUPERBLOCK_SIZE + devices * DEVICE_SIZE) / BLOCK) * BLOCK;
}

export interface Head {
  readonly rootNid: number;
  readonly inodes: number;
  /** Of the image itself. */
  readonly blocks: number;
  /** Where the metadata begins. */
  readonly metaBlock: number;
  readonly devices: readonly DeviceRange[];
}

/** Blocks of another device, and the number by which the first of them is known in the image. */
export interface DeviceRange {
  readonly blocks: number;
  readonly start: number;
}

export function writeHead(target: Buffer, { rootNid, inodes, blocks, metaBlock, devices }: Head): void {
  const at = (offset: number) => SUPERBLOCK + offset;
  target.writeUInt32LE(MAGIC, at(0));
  target.writeUInt32LE(COMPATIBLE_MTIME, at(8));
  target.writeUInt8(Math.log2(BLOCK), at(12));
  target.writeUInt16LE(rootNid, at(14));
  target.writeBigUInt64LE(BigInt(inodes), at(16));
  target.writeUInt32LE(blocks, at(36));
  target.writeUInt32LE(metaBlock, at(40));
  target.writeUInt32LE(devices.length === 0 ? 0 : INCOMPATIBLE_DEVICE_TABLE, at(80));
  target.writeUInt16LE(devices.length, at(86));
  target.writeUInt16LE((SUPERBLOCK + SUPERBLOCK_SIZE) / DEVICE_SIZE, at(88));
  for (const [i, device] of devices.entries()) {
    const slot = at(SUPERBLOCK_SIZE) + i * DEVICE_SIZE;
    target.writeUInt32LE(device.blocks, slot + 64);
    target.writeUInt32LE(device.start, slot + 68);
  }
}

/** An inode of the extended form. */
export const INODE = 64;
/** Numbers of inodes count slots of so many bytes. */
export const SLOT = 32;
const EXTENDED = 1;
/** Where its data lie: in blocks of their own, or behind the inode and its attributes. */
const LAYOUTS = { blocks: 0, behind: 2 } as const;

const TYPES = {
  fifo: 0o010000,
  char: 0o020000,
  dir: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
} as const;

export interface InodeRecord {
  readonly kind: keyof typeof TYPES;
  readonly layout: keyof typeof LAYOUTS;
  readonly xattrCount: number;
  readonly mode: number;
  readonly size: number;
  /** Number of the first block, or of the device that it is. */
  readonly place: number;
  readonly number: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly mtimeNs: number;
  readonly links: number;
}

export function writeInode(target: Buffer, at: number, inode: InodeRecord): void {
  target.writeUInt16LE(EXTENDED | (LAYOUTS[inode.layout] << 1), at);
  target.writeUInt16LE(inode.xattrCount, at + 2);
  target.writeUInt16LE(TYPES[inode.kind] | inode.mode, at + 4);
  writeInt64(target, at + 8, inode.size);
  target.writeUInt32LE(inode.place, at + 16);
  target.writeUInt32LE(inode.number, at + 20);
  target.writeUInt32LE(inode.uid, at + 24);
  target.writeUInt32LE(inode.gid, at + 28);
  writeInt64(target, at + 32, inode.mtime);
  target.writeUInt32LE(inode.mtimeNs, at + 40);
  target.writeUInt32LE(inode.links, at + 44);
}

/** A safe integer, in two's complement. */
function writeInt64(target: Buffer, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  target.writeUInt32LE(value - high * 2 ** 32, at);
  target.writeInt32LE(high, at + 4);
}

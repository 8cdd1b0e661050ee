/**
 * rpm's own database format "ndb" (SUSE): `Packages.db`. Slots of 16 bytes name the blobs; offsets count blocks of 16 bytes;
 * all numbers little-endian. rpm, lib/backend/ndb/rpmpkg.c.
 * @module
 */
import { ImageError } from '../../base/errors.ts';

const MAGIC = 0x506d7052; // RpmP
const SLOT_MAGIC = 0x746f6c53; // Slot
const BLOB_MAGIC = 0x53626c42; // BlbS
const SLOT_SIZE = 16;
const BLOCK_SIZE = 16;
const PAGE_SIZE = 4096;
/** The header takes the place of the first two slots. */
const FIRST_SLOT = 32;

export function isNdb(file: Buffer): boolean {
  return file.length >= FIRST_SLOT && file.readUInt32LE(0) === MAGIC;
}

/** The package headers, in the order of their package indexes. @throws ImageError INVALID */
export function readNdbBlobs(file: Buffer): Buffer[] {
  const version = file.readUInt32LE(4);
  if (version !== 0) throw new ImageError('UNSUPPORTED', `rpm's database Packages.db has version ${version}, not 0`);
  const slotsEnd = Math.min(file.readUInt32LE(12) * PAGE_SIZE, file.length);
  const found: { index: number; offset: number }[] = [];
  for (let at = FIRST_SLOT; at + SLOT_SIZE <= slotsEnd; at += SLOT_SIZE) {
    if (file.readUInt32LE(at) !== SLOT_MAGIC) throw invalid(`there is no slot at byte ${at}`);
    const index = file.readUInt32LE(at + 4);
    const offset = file.readUInt32LE(at + 8) * BLOCK_SIZE;
    if (index !== 0 && offset !== 0) found.push({ index, offset });
  }
  return withoutOverlap(
    found.sort((a, b) => a.index - b.index).map(({ index, offset }) => blobAt(file, index, offset)),
  );
}

function blobAt(file: Buffer, index: number, offset: number): Buffer {
  if (offset + 16 > file.length) throw invalid(`package ${index} lies outside the file`);
  if (file.readUInt32LE(offset) !== BLOB_MAGIC || file.readUInt32LE(offset + 4) !== index) {
    throw invalid(`package ${index} is not where its slot says`);
  }
  const size = file.readUInt32LE(offset + 12);
  if (offset + 16 + size > file.length) throw invalid(`package ${index} lies outside the file`);
  return file.subarray(offset + 16, offset + 16 + size);
}

/** Blobs that share bytes would let a small file say a lot. */
function withoutOverlap(blobs: Buffer[]): Buffer[] {
  const byStart = blobs.toSorted((a, b) => a.byteOffset - b.byteOffset);
  byStart.forEach((blob, i) => {
    const next = byStart[i + 1];
    if (next !== undefined && blob.byteOffset + blob.length > next.byteOffset) throw invalid('two packages overlap');
  });
  return blobs;
}

function invalid(why: string): ImageError {
  return new ImageError('INVALID', `rpm's database Packages.db cannot be read: ${why}`);
}

/** The last 51 bytes of an eStargz blob: an empty gzip member that says where the table of contents is. @module */
import { ImageError } from '../../base/errors.ts';

export const FOOTER_SIZE = 51;

/** RFC 1952, section 2.3: an extra field, no time, an unknown system. */
const HEADER = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255] as const;
/** Lengths of the extra field and of its one subfield, `SG` (section 2.3.1.1). */
const EXTRA = [26, 0, 0x53, 0x47, 22, 0] as const;
const MAGIC = 'STARGZ';
/** The last block, stored, of no bytes (RFC 1951, section 3.2.4); checksum and size of nothing. */
const NOTHING = [1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0] as const;

/** @param offset of the gzip member with the table of contents, in the blob */
export function encodeFooter(offset: number): Uint8Array {
  const subfield = `${offset.toString(16).padStart(16, '0')}${MAGIC}`;
  return Buffer.concat([Buffer.from([...HEADER, ...EXTRA]), Buffer.from(subfield, 'latin1'), Buffer.from(NOTHING)]);
}

/** @returns the offset. @throws ImageError INVALID */
export function parseFooter(bytes: Uint8Array): number {
  const from = HEADER.length + EXTRA.length;
  const digits = Buffer.from(bytes.subarray(from, from + 16)).toString('latin1');
  const offset = /^[0-9a-f]{16}$/.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
  if (!Number.isSafeInteger(offset) || Buffer.compare(encodeFooter(offset), bytes) !== 0) {
    throw new ImageError('INVALID', 'the blob is no eStargz layer: it does not end with its footer');
  }
  return offset;
}

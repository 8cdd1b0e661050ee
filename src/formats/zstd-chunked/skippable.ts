/** What stands behind the data of a zstd:chunked layer, in frames that decoders pass over (RFC 8878, section 3.1.2). @module */
import { ImageError } from '../../base/errors.ts';
import { TOC_TYPE } from './names.ts';

/** Magic number and size. */
export const SKIPPABLE_HEADER = 8;
const MAGIC = 0x184d2a50;

/** Where something lies in the blob, in bytes. */
export interface Position {
  readonly offset: number;
  readonly size: number;
  readonly uncompressed: number;
}

export interface Footer {
  readonly toc: Position;
  readonly tarSplit: Position;
}

const FOOTER_BYTES = 64;
/** With the header of its frame. */
export const FOOTER_SIZE = SKIPPABLE_HEADER + FOOTER_BYTES;
const FOOTER_MAGIC = Buffer.from('GNUlInUx', 'latin1');

export function skippable(bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(SKIPPABLE_HEADER);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

/** The last frame of the blob: eight numbers of 64 bits, of which the last is a mark. */
export function encodeFooter({ toc, tarSplit }: Footer): Buffer {
  const out = Buffer.alloc(FOOTER_BYTES);
  const numbers = [
    ...[toc.offset, toc.size, toc.uncompressed, TOC_TYPE],
    ...[tarSplit.offset, tarSplit.size, tarSplit.uncompressed],
  ];
  for (const [i, number] of numbers.entries()) out.writeBigUInt64LE(BigInt(number), 8 * i);
  FOOTER_MAGIC.copy(out, FOOTER_BYTES - FOOTER_MAGIC.length);
  return skippable(out);
}

/** @throws ImageError INVALID */
export function parseFooter(bytes: Uint8Array): Footer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const number = (i: number) => Number(buffer.readBigUInt64LE(SKIPPABLE_HEADER + 8 * i));
  if (buffer.length !== FOOTER_SIZE || number(3) !== TOC_TYPE) throw invalid();
  const footer = {
    toc: { offset: number(0), size: number(1), uncompressed: number(2) },
    tarSplit: { offset: number(4), size: number(5), uncompressed: number(6) },
  };
  const safe = [...Object.values(footer.toc), ...Object.values(footer.tarSplit)].every(Number.isSafeInteger);
  if (!safe || Buffer.compare(encodeFooter(footer), buffer) !== 0) throw invalid();
  return footer;
}

function invalid(): ImageError {
  return new ImageError('INVALID', 'the blob is no zstd:chunked layer: it does not end with its footer');
}

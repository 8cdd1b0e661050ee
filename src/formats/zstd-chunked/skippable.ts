/** What stands behind the data of a zstd:chunked layer, in frames that decoders pass over (RFC 8878, section 3.1.2). @module */
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

/** What the footer says; readers take it from the layer's descriptor, which they trust. */
export interface Footer {
  readonly toc: Position;
  readonly tarSplit: Position;
}

const FOOTER_BYTES = 64;
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

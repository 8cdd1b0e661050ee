/** zstd (RFC 8878) in one frame, on one thread, so that the bytes depend on the input and the level only. @module */
import { constants, createZstdCompress } from 'node:zlib';
import { through } from './through.ts';

/** @param bytes a piece is used up before the next is asked for */
export function zstd(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const params = { [constants.ZSTD_c_compressionLevel]: 9, [constants.ZSTD_c_checksumFlag]: 1 };
  return through(createZstdCompress({ params }), bytes);
}

/**
 * zstd (RFC 8878) on several threads: each block of the input is a frame of its own, which every decoder joins. Frames are
 * made in one call each, since the output of Node's streaming encoder depends on how it is fed (nodejs/node 66078).
 * @module
 */
import { constants, zstdCompress } from 'node:zlib';
import type { Digester } from '../../base/digest.ts';
import { byBlocks } from './blocks.ts';
import { type CompressionProfile, PROFILE } from './profile.ts';

export interface ZstdOptions {
  readonly profile?: CompressionProfile;
  /** Blocks that are compressed at once; default 4, the size of libuv's thread pool. Memory grows with it, by 15 MB each. */
  readonly concurrency?: number;
  /** Is given the uncompressed bytes on the way. */
  readonly input?: Digester;
  readonly signal?: AbortSignal | undefined;
}

/** Pieces of the input may be reused once the next is asked for; those that come out are the caller's. */
export function zstd(bytes: AsyncIterable<Uint8Array>, options: ZstdOptions = {}): AsyncGenerator<Uint8Array> {
  const { profile = PROFILE, concurrency, input, signal } = options;
  const { blockSize, level } = profile.zstd;
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_checksumFlag]: 1,
  };
  return byBlocks(bytes, { blockSize, concurrency, input, signal }, ({ data }) => {
    // Room for a block that does not compress, as ZSTD_compressBound has it: then there is one way only to encode it.
    const chunkSize = blockSize + (blockSize >> 8) + 1024;
    return new Promise((resolve, reject) => {
      zstdCompress(data, { params, chunkSize, pledgedSrcSize: data.length }, (error, result) =>
        error === null ? resolve(result) : reject(error),
      );
    });
  });
}

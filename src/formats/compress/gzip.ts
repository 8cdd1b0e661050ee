/**
 * gzip (RFC 1952) on several threads. The input is cut into blocks of a fixed size; each is deflated for itself, with the
 * 32 KiB before it as dictionary, and ended on a byte boundary, so that they join to one ordinary stream in one member. The
 * bytes depend on the input and the profile only.
 * @module
 */
import { constants, crc32, deflateRaw, type ZlibOptions } from 'node:zlib';
import type { Digester } from '../../base/digest.ts';
import { type Block, byBlocks } from './blocks.ts';
import { type CompressionProfile, PROFILE } from './profile.ts';

export interface GzipOptions {
  /** Exact size of the input in bytes: the profile chooses its level by it. */
  readonly size: number;
  readonly profile?: CompressionProfile;
  /** Blocks that are compressed at once; default 4, the size of libuv's thread pool. Memory grows with it, by 2 MB each. */
  readonly concurrency?: number;
  /** Is given the uncompressed bytes on the way. */
  readonly input?: Digester;
  readonly signal?: AbortSignal | undefined;
}

/** RFC 1952, section 2.3: no name, no time, an unknown system; byte 8 is 0 (neither fastest nor best). */
const HEADER = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255] as const;

/** How far back deflate can refer (RFC 1951, section 3.2.5). */
const WINDOW = 32 * 1024;

/** Room for a block that does not compress: stored blocks cost 5 bytes for each 8 KiB or more, and the flush 5. */
const SLACK = 1024;

/**
 * One gzip member. Pieces of the input may be reused once the next is asked for; those that come out are the caller's.
 * @throws Error where the input has not the size that was said
 */
export async function* gzip(bytes: AsyncIterable<Uint8Array>, options: GzipOptions): AsyncGenerator<Uint8Array> {
  const { size, profile = PROFILE, concurrency, input, signal } = options;
  const { blockSize } = profile.gzip;
  const settings = { ...profile.gzip.deflate(size), chunkSize: blockSize + SLACK };
  let crc = 0;
  let total = 0;
  yield Uint8Array.from(HEADER);
  yield* byBlocks(bytes, { blockSize, concurrency, input, signal }, (block) => {
    const job = deflateBlock(block, settings);
    crc = crc32(block.data, crc);
    total += block.data.length;
    return job;
  });
  if (total !== size) throw new Error(`bug: ${total} bytes to compress where ${size} were announced`);
  yield trailer(crc, total);
}

function deflateBlock({ data, before, last }: Block, settings: ZlibOptions): Promise<Buffer> {
  const options = {
    ...settings,
    finishFlush: last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    ...(before.length > 0 ? { dictionary: before.subarray(-WINDOW) } : {}),
  };
  return new Promise((resolve, reject) => {
    deflateRaw(data, options, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

/** RFC 1952, section 2.3.1: checksum and size modulo 2^32, least significant byte first. */
function trailer(crc: number, size: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeUInt32LE(crc, 0);
  out.writeUInt32LE(size % 2 ** 32, 4);
  return out;
}

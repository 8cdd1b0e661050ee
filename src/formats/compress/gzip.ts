/**
 * gzip (RFC 1952) on several threads. The input is cut into blocks of a fixed size; each is deflated for itself, with the
 * 32 KiB before it as dictionary, and ended on a byte boundary, so that they join to one ordinary stream in one member. The
 * bytes depend on the input and the profile only, not on how many threads there were or how the input was cut into pieces.
 * @module
 */
import { constants, crc32, deflateRaw } from 'node:zlib';
import type { Digester } from '../../base/digest.ts';
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
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);

/** How far back deflate can refer (RFC 1951, section 3.2.5). */
const WINDOW = 32 * 1024;

/** Room for a block that does not compress: stored blocks cost 5 bytes for each 16 KiB or more, and the flush 5. */
const SLACK = 1024;

/**
 * One gzip member. Pieces of the input may be reused once the next is asked for; those that come out are the caller's.
 * @throws Error where the input has not the size that was said
 */
export async function* gzip(bytes: AsyncIterable<Uint8Array>, options: GzipOptions): AsyncGenerator<Uint8Array> {
  const { size, profile = PROFILE, concurrency = 4, input, signal } = options;
  const level = profile.levelFor(size);
  const underWay: Promise<Buffer>[] = [];
  let crc = 0;
  let total = 0;
  yield HEADER.slice();
  for await (const block of blocksOf(bytes, profile.blockSize)) {
    signal?.throwIfAborted();
    const job = deflateBlock(block, level, profile);
    job.catch(() => undefined); // awaited in order below, unless the caller stops before
    underWay.push(job);
    crc = crc32(block.data, crc);
    input?.update(block.data);
    total += block.data.length;
    if (underWay.length > concurrency) yield await (underWay.shift() as Promise<Buffer>);
  }
  for (const job of underWay) yield await job;
  if (total !== size) throw new Error(`bug: ${total} bytes to compress where ${size} were announced`);
  yield trailer(crc, total);
}

interface Block {
  readonly data: Buffer;
  /** What precedes it, as far as deflate can refer. */
  readonly dictionary: Buffer;
  readonly last: boolean;
}

/** Every block but the last has the full size; there is always a last one, if need be an empty one. */
async function* blocksOf(bytes: AsyncIterable<Uint8Array>, blockSize: number): AsyncGenerator<Block> {
  let dictionary = Buffer.alloc(0);
  let data = Buffer.allocUnsafeSlow(blockSize);
  let filled = 0;
  for await (const piece of bytes) {
    for (let at = 0; at < piece.length; ) {
      if (filled === blockSize) {
        yield { data, dictionary, last: false };
        dictionary = data.subarray(blockSize - WINDOW);
        data = Buffer.allocUnsafeSlow(blockSize);
        filled = 0;
      }
      const count = Math.min(blockSize - filled, piece.length - at);
      data.set(piece.subarray(at, at + count), filled);
      filled += count;
      at += count;
    }
  }
  yield { data: data.subarray(0, filled), dictionary, last: true };
}

function deflateBlock(
  { data, dictionary, last }: Block,
  level: number,
  { memLevel, blockSize }: CompressionProfile,
): Promise<Buffer> {
  const options = {
    level,
    memLevel,
    chunkSize: blockSize + SLACK,
    finishFlush: last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    ...(dictionary.length > 0 ? { dictionary } : {}),
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

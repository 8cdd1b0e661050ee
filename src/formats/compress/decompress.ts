/** Compressed bytes → plain ones, in bounded memory and to a bounded size. @module */
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { ImageError } from '../../base/errors.ts';
import type { Compression } from './detect.ts';
import { DECOMPRESS_LIMITS, type DecompressLimits, Meter } from './limits.ts';
import { through } from './through.ts';
import { FrameWalker } from './zstd-frames.ts';

export interface DecompressOptions {
  readonly limits?: DecompressLimits;
  readonly signal?: AbortSignal | undefined;
}

/** zlib gives its output in pieces of this size; at its default of 16 KiB it is half as fast. */
const PIECE = 1024 * 1024;

/** Two pieces wait to be read, each by itself (as bytes they would be joined), and the codec's thread is at the next one. */
const AHEAD = { chunkSize: PIECE, readableObjectMode: true, readableHighWaterMark: 2 };

/**
 * All members of a gzip file or all frames of a zstd file, one behind the other. Zeros behind the last gzip member are
 * padding and fine; anything else there is an error. A piece is valid until the next is asked for.
 * @throws ImageError INVALID (broken or cut off), LIMIT, UNSUPPORTED (a compression that layers do not use)
 */
export async function* decompress(
  bytes: AsyncIterable<Uint8Array>,
  compression: Compression,
  { limits = DECOMPRESS_LIMITS, signal }: DecompressOptions = {},
): AsyncGenerator<Uint8Array> {
  const meter = new Meter(limits);
  for await (const piece of plain(meter.input(bytes), compression, meter)) {
    signal?.throwIfAborted();
    meter.output(piece.length);
    yield piece;
  }
}

function plain(bytes: AsyncIterable<Uint8Array>, compression: Compression, meter: Meter): AsyncIterable<Uint8Array> {
  switch (compression) {
    case 'none':
      return bytes;
    case 'gzip':
      return gunzipped(bytes, meter);
    case 'zstd':
      return decoded(createZstdDecompress(AHEAD), frames(bytes), 'zstd');
    case 'xz':
    case 'bzip2':
      throw new ImageError('UNSUPPORTED', `data compressed with ${compression} cannot be read`, {
        hint: `decompress it first, with "${compression} -d"`,
      });
  }
}

/** Node's decoder passes over zeros behind a member, and over whatever follows them: here that is an error. */
async function* gunzipped(bytes: AsyncIterable<Uint8Array>, meter: Meter): AsyncGenerator<Uint8Array> {
  const stream = createGunzip(AHEAD);
  yield* decoded(stream, bytes, 'gzip');
  if (stream.bytesWritten < meter.significant) {
    throw new ImageError('INVALID', `broken compressed data: garbage behind byte ${stream.bytesWritten} (gzip)`);
  }
}

async function* frames(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const walker = new FrameWalker();
  for await (const piece of bytes) yield* walker.parts(piece);
  if (!walker.complete) throw new ImageError('INVALID', 'broken compressed data: the last zstd frame is cut off');
}

async function* decoded(
  stream: Parameters<typeof through>[0],
  bytes: AsyncIterable<Uint8Array>,
  format: 'gzip' | 'zstd',
): AsyncGenerator<Uint8Array> {
  try {
    // Node's decoder of zstd wants each frame for itself.
    yield* through(stream, bytes, format === 'zstd' ? 'separate' : 'joined');
  } catch (error) {
    throw fromZlib(error, format);
  }
}

/** Errors of the codec are the input's fault; any other passes through. */
function fromZlib(error: unknown, format: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!/^(?:Z_|ZSTD_)/.test(code)) return error;
  const cut = code === 'Z_BUF_ERROR';
  const message = cut ? `${format} data is cut off` : `${(error as Error).message} (${format})`;
  return new ImageError('INVALID', `broken compressed data: ${message}`, { cause: error });
}

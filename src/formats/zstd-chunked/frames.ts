/** zstd frames (RFC 8878) of bytes in memory. @module */
import { constants, type ZstdOptions, zstdCompress, zstdCompressSync } from 'node:zlib';
import { PROFILE } from '../compress/profile.ts';

/** Pieces below this are compressed where they are: handing them to a thread costs more. In bytes. */
const SMALL = 16 * 1024;

/** One frame, at once for few bytes, else on a thread: the result is the same. */
export function zstdFrame(bytes: Buffer, level: number = PROFILE.zstd.level): Buffer | Promise<Buffer> {
  const options = settings(bytes, level);
  if (bytes.length < SMALL) return zstdCompressSync(bytes, options);
  return new Promise((resolve, reject) => {
    zstdCompress(bytes, options, (error, frame) => (error === null ? resolve(frame) : reject(error)));
  });
}

/** There is room for whatever comes out, so that there is one way only to encode it. */
function settings(bytes: Buffer, level: number): ZstdOptions {
  return {
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
    chunkSize: bytes.length + (bytes.length >> 8) + 1024,
    pledgedSrcSize: bytes.length,
  };
}

/** Text is compressed when there is so much of it, in bytes. */
const TEXT_BLOCK = 1024 * 1024;

/** Text that is compressed while it grows, so that only the compressed form is kept. */
export class CompressedText {
  readonly #level: number | undefined;
  #frames: Buffer[] = [];
  #waiting: string[] = [];
  #waitingSize = 0;
  /** Bytes of the text so far. */
  size = 0;

  constructor(level?: number) {
    this.#level = level;
  }

  push(text: string): void {
    this.#waiting.push(text);
    const size = Buffer.byteLength(text);
    this.size += size;
    this.#waitingSize += size;
    if (this.#waitingSize >= TEXT_BLOCK) this.#compress();
  }

  /** All of it, compressed. */
  end(): Buffer {
    if (this.#waitingSize > 0 || this.#frames.length === 0) this.#compress();
    return Buffer.concat(this.#frames);
  }

  #compress(): void {
    const bytes = Buffer.from(this.#waiting.join(''));
    this.#frames.push(zstdCompressSync(bytes, settings(bytes, this.#level ?? PROFILE.zstd.level)));
    this.#waiting = [];
    this.#waitingSize = 0;
  }
}

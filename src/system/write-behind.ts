/** Bytes into a file, written while the next ones are being made. @module */
import type { FileHandle } from 'node:fs/promises';
import type { Run } from '../ports/run.ts';
import type { WrittenDigest } from './written-digest.ts';

/** What is written at once, in bytes. */
const PIECE = 1 << 20;

/**
 * Writes all from the file's position on. Pieces are gathered, so that many small ones cost as little as a few large ones; they
 * need to be valid only until the next is asked for.
 * @param digester sees all that is written
 * @returns how many bytes there were
 * @throws what the file and the bytes throw, with nothing being written any more
 */
export async function writeBehind(
  file: FileHandle,
  bytes: AsyncIterable<Uint8Array>,
  digester?: Pick<WrittenDigest, 'update' | 'upTo'>,
  run: Run = {},
): Promise<number> {
  const buffers = new Buffers();
  let written: Promise<number> = Promise.resolve(0);
  let size = 0;
  const flush = async () => {
    const offset = await written;
    digester?.upTo(offset);
    const full = buffers.filled();
    written = write(file, full, offset);
    written.catch(() => undefined); // awaited before the next, and in the end
    digester?.update(full);
  };
  try {
    for await (const piece of bytes) {
      run.signal?.throwIfAborted();
      size += piece.length;
      for (let at = 0; at < piece.length; ) {
        at += buffers.take(piece.subarray(at));
        if (buffers.isFull) await flush();
      }
    }
    await flush();
    await written;
    return size;
  } finally {
    await Promise.allSettled([written]);
  }
}

/** Two that take turns: one is filled while the other is being written. */
class Buffers {
  readonly #buffers: Buffer[] = [];
  #turn = 0;
  #filled = 0;

  get isFull(): boolean {
    return this.#filled === PIECE;
  }

  /** @returns how many of the bytes had room */
  take(bytes: Uint8Array): number {
    this.#buffers[this.#turn] ??= Buffer.allocUnsafeSlow(PIECE);
    const taken = bytes.subarray(0, PIECE - this.#filled);
    this.#buffers[this.#turn]?.set(taken, this.#filled);
    this.#filled += taken.length;
    return taken.length;
  }

  /** What has been taken; from now on the other one is filled. */
  filled(): Uint8Array {
    const full = this.#buffers[this.#turn]?.subarray(0, this.#filled) ?? new Uint8Array();
    this.#turn = 1 - this.#turn;
    this.#filled = 0;
    return full;
  }
}

/** @returns the offset behind them */
async function write(file: FileHandle, bytes: Uint8Array, offset: number): Promise<number> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
  return offset + bytes.length;
}

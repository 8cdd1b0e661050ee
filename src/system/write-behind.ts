/** Bytes into a file, written while the next ones are being made. @module */
import type { FileHandle } from 'node:fs/promises';
import type { Run } from '../ports/run.ts';
import type { WrittenDigest } from './written-digest.ts';

/** What is written at once, in bytes. */
const PIECE = 1 << 20;

/**
 * Writes all from the file's position on.
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
  await using writer = new BehindWriter(file, digester);
  for await (const piece of bytes) {
    run.signal?.throwIfAborted();
    await writer.add(piece);
  }
  return await writer.end();
}

/**
 * Pieces are gathered, so that many small ones cost as little as a few large ones. Disposing of it waits until nothing is being
 * written.
 */
export class BehindWriter implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #digester: Pick<WrittenDigest, 'update' | 'upTo'> | undefined;
  readonly #buffers = new Buffers();
  #written: Promise<number> = Promise.resolve(0);

  /** @param file is written from its position on */
  constructor(file: FileHandle, digester?: Pick<WrittenDigest, 'update' | 'upTo'>) {
    this.#file = file;
    this.#digester = digester;
  }

  /** The piece may change when this has resolved. @throws what writing those before throws */
  async add(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length; ) {
      at += this.#buffers.take(piece.subarray(at));
      if (this.#buffers.isFull) await this.#flush();
    }
  }

  /** @returns how many bytes there were */
  async end(): Promise<number> {
    await this.#flush();
    return await this.#written;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.#written]);
  }

  async #flush(): Promise<void> {
    const offset = await this.#written;
    this.#digester?.upTo(offset);
    const full = this.#buffers.filled();
    this.#written = write(this.#file, full, offset);
    this.#written.catch(() => undefined); // awaited before the next, and in the end
    this.#digester?.update(full);
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

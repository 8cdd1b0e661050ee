/** Bytes through one of node:zlib's streams. @module */
import type { Transform } from 'node:stream';

/**
 * What the stream makes of the pieces. A piece is asked for only when the one before has been dealt with, so that it need
 * be valid no longer; what comes out is the caller's. Stopping early closes the source.
 * @param form `joined`: small pieces may be handed to the stream together
 */
export async function* through(
  stream: Transform,
  pieces: AsyncIterable<Uint8Array>,
  form: 'joined' | 'separate',
): AsyncGenerator<Uint8Array> {
  const feeding = feed(stream, pieces, form === 'separate');
  feeding.catch(() => undefined); // awaited below
  try {
    for await (const out of stream) yield out;
  } finally {
    stream.destroy();
    await feeding;
  }
}

/** Bytes that are handed to the codec at once; and how many batches it has: one that it works on, one that waits. */
const BATCH = 256 * 1024;
const BATCHES = 2;

/** What goes wrong with the source is what the stream's reader gets, too. */
async function feed(stream: Transform, pieces: AsyncIterable<Uint8Array>, separate: boolean): Promise<void> {
  const batches = new Batches(stream);
  try {
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length && !stream.destroyed; ) at += await batches.add(piece.subarray(at));
      if (stream.destroyed) return;
      if (separate) batches.flush();
    }
    batches.flush();
    stream.end();
  } catch (error) {
    stream.destroy(error as Error);
    throw error;
  }
}

/**
 * Copies pieces into buffers of its own, and writes the full ones: with the next one at hand the codec's thread goes on by
 * itself, while the bytes it has made are looked at.
 */
class Batches {
  readonly #stream: Transform;
  readonly #free: Buffer[] = [];
  #made = 0;
  #current: Buffer | undefined;
  #filled = 0;
  #released: () => void = () => undefined;

  constructor(stream: Transform) {
    this.#stream = stream;
    // A stream that is destroyed while its output waits for a reader never calls back, but it does close.
    stream.once('close', () => this.#released());
  }

  /** @returns how many bytes it took */
  async add(bytes: Uint8Array): Promise<number> {
    this.#current ??= await this.#buffer();
    const taken = Math.min(bytes.length, BATCH - this.#filled);
    this.#current.set(taken === bytes.length ? bytes : bytes.subarray(0, taken), this.#filled);
    this.#filled += taken;
    if (this.#filled === BATCH) this.flush();
    return taken;
  }

  flush(): void {
    const batch = this.#current;
    if (batch === undefined) return;
    this.#stream.write(batch.subarray(0, this.#filled), () => {
      this.#free.push(batch);
      this.#released();
    });
    this.#current = undefined;
    this.#filled = 0;
  }

  async #buffer(): Promise<Buffer> {
    while (this.#free.length === 0 && this.#made === BATCHES && !this.#stream.destroyed) {
      await new Promise<void>((resolve) => {
        this.#released = resolve;
      });
    }
    const free = this.#free.pop();
    if (free !== undefined) return free;
    this.#made += 1;
    return Buffer.allocUnsafeSlow(BATCH);
  }
}

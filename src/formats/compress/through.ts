/** Bytes through one of node:zlib's streams, without reading ahead. @module */
import type { Transform } from 'node:stream';

/**
 * What the stream makes of the pieces. A piece is asked for only when the one before has been dealt with, so that it need
 * be valid no longer; what comes out is the caller's. Stopping early closes the source.
 */
export async function* through(stream: Transform, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const feeding = feed(stream, pieces);
  feeding.catch(() => undefined); // awaited below
  try {
    for await (const out of stream) yield out;
  } finally {
    stream.destroy();
    await feeding;
  }
}

/** What goes wrong with the source is what the stream's reader gets, too. */
async function feed(stream: Transform, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  let closed: () => void = () => undefined;
  stream.once('close', () => closed());
  try {
    for await (const piece of pieces) {
      if (stream.destroyed) return;
      await new Promise<void>((resolve) => {
        // A stream that is destroyed while its output waits for a reader never calls back, but it does close.
        closed = resolve;
        stream.write(piece, () => resolve());
      });
      if (stream.destroyed) return;
    }
    stream.end();
  } catch (error) {
    stream.destroy(error as Error);
    throw error;
  }
}

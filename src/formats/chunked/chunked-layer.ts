/** A chunked layer in the making. @module */
import type { DiffId } from '../../base/digest.ts';

export interface ChunkedLayer {
  /** The blob; what comes out is the caller's. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Once the bytes have been read to their end. */
  result(): ChunkedResult;
}

export interface ChunkedResult {
  readonly diffId: DiffId;
  /** What the layer's descriptor has to say, for readers to find and to trust the table of contents. */
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ChunkedOptions {
  /** Of the compressor; default the profile's. */
  readonly level?: number;
  readonly signal?: AbortSignal | undefined;
}

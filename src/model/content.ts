/**
 * What a file holds: never a copy, always a reference into bytes that lie somewhere, or a few bytes that a transform made.
 * @module
 */

/**
 * Bytes that can be read at any position: a layer's uncompressed tar, a file of the host, a buffer. Immutable while in
 * use; whoever hands one out keeps it readable for as long as the image it belongs to is open.
 */
export interface Blob {
  /** Identity for comparing without reading: two blobs with one id hold the same bytes. A DiffId where there is one. */
  readonly id: string;
  /** Exactly `length` bytes from `offset`. @throws ImageError INVALID if the blob ends before. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** The same at once, into the beginning of `target`, for blobs that need not wait: many small reads are cheaper so. */
  readInto?(target: Uint8Array, offset: number, length: number): void;
  /** The same bytes for many reads, with what has to be opened kept open: the caller disposes of it. */
  hold?(): Promise<Blob & AsyncDisposable>;
  /** The same range in pieces of bounded size. A piece is valid only until the next is asked for. */
  stream(offset: number, length: number): AsyncIterable<Uint8Array>;
  /** Where byte 0 lies in a file of this machine, for those who hand the file to the kernel. Its name may have gone since. */
  readonly file?: FilePlace;
  /** Where it is a file that stays open, as a whole: its descriptor, for other threads of this process. */
  readonly fd?: number;
}

export interface FilePlace {
  readonly path: string;
  readonly offset: number;
}

/** `size` bytes of `blob` from `offset`. */
export interface Slice {
  readonly kind: 'slice';
  readonly blob: Blob;
  readonly offset: number;
  readonly size: number;
}

/** Bytes in memory: for what transforms make (a passwd file, an ld.so.cache), not for payload. */
export interface Bytes {
  readonly kind: 'bytes';
  readonly bytes: Uint8Array;
  readonly size: number;
}

/** A sparse file (GNU tar manual, "Sparse Formats"): zeros, but for the extents. */
export interface Sparse {
  readonly kind: 'sparse';
  readonly blob: Blob;
  /** Logical size, holes included. */
  readonly size: number;
  /** In ascending order of `at`, not overlapping: `size` bytes of the blob from `offset` stand at `at` in the file. */
  readonly extents: readonly { readonly at: number; readonly offset: number; readonly size: number }[];
}

export type Content = Slice | Bytes | Sparse;

const ENCODER = new TextEncoder();

export function bytesContent(data: Uint8Array | string): Bytes {
  const bytes = typeof data === 'string' ? ENCODER.encode(data) : data;
  return { kind: 'bytes', bytes, size: bytes.length };
}

export function sliceContent(blob: Blob, offset: number, size: number): Slice {
  return { kind: 'slice', blob, offset, size };
}

export const EMPTY_CONTENT: Bytes = bytesContent('');

/**
 * Whether two contents are the same reference (or both empty), so that their bytes need not be compared. False says nothing.
 */
export function sameReference(a: Content, b: Content): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  if (a.size === 0) return true;
  switch (a.kind) {
    case 'slice':
      return b.kind === 'slice' && a.blob.id === b.blob.id && a.offset === b.offset;
    case 'bytes':
      return b.kind === 'bytes' && Buffer.compare(a.bytes, b.bytes) === 0;
    case 'sparse':
      return b.kind === 'sparse' && a.blob.id === b.blob.id && sameExtents(a.extents, b.extents);
  }
}

function sameExtents(a: Sparse['extents'], b: Sparse['extents']): boolean {
  return (
    a.length === b.length &&
    a.every((one, i) => {
      const other = b[i];
      return one.at === other?.at && one.offset === other.offset && one.size === other.size;
    })
  );
}

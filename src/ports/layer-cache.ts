/** Where uncompressed layers lie while they are read: each is decompressed and scanned once, and found again. @module */
import type { DiffId } from '../base/digest.ts';
import type { Blob } from '../model/content.ts';
import type { LayerEntry } from '../model/layer/entry.ts';
import type { Run } from './run.ts';

export interface ScannedLayer {
  /** The uncompressed tar; its id is the DiffId. Readable until the cache is disposed of. */
  readonly blob: Blob;
  /** Of the blob, in bytes. */
  readonly size: number;
  /** In archive order, their contents slices of {@link blob}; made one at a time as they are asked for. */
  readonly entries: Iterable<LayerEntry>;
  /**
   * Absent where the bytes are known to be those of the DiffID. Else nothing that is made of them may be shown before this resolves;
   * where they are not, it rejects with DIGEST_MISMATCH.
   */
  readonly verified?: Promise<void>;
}

export interface LayerCache extends AsyncDisposable {
  get(diffId: DiffId, run?: Run): Promise<ScannedLayer | undefined>;
  /**
   * Takes a layer's uncompressed bytes in.
   * @throws ImageError DIGEST_MISMATCH where they are not those of the DiffId: then nothing is kept; INVALID for a broken tar
   */
  put(diffId: DiffId, bytes: AsyncIterable<Uint8Array>, run?: Run): Promise<ScannedLayer>;
  /**
   * A layer that lies uncompressed in a file of this machine: read where it is, and verified meanwhile, unless this very file has been
   * before. @throws ImageError INVALID for a broken tar
   */
  adopt(diffId: DiffId, blob: Blob, size: number, run?: Run): Promise<ScannedLayer>;
}

/**
 * The compression of layers that pare writes: part of what makes a compressed digest reproducible, and so versioned. A change
 * of anything here is a new version; the numbers are chosen in `docs/adr/0003-compression-profile.md`.
 * @module
 */

export interface CompressionProfile {
  readonly version: number;
  readonly gzip: {
    /** Input is cut into blocks of this many bytes, which are compressed independently but for their dictionary. */
    readonly blockSize: number;
    /** zlib's memLevel. */
    readonly memLevel: number;
    /** zlib's level for a layer of that many uncompressed bytes. */
    readonly levelFor: (size: number) => number;
  };
  readonly zstd: {
    /** Each block is a frame of its own. */
    readonly blockSize: number;
    readonly level: number;
  };
}

const LARGE = 64 * 1024 * 1024;

export const PROFILE: CompressionProfile = {
  version: 1,
  gzip: { blockSize: 512 * 1024, memLevel: 7, levelFor: (size) => (size < LARGE ? 6 : 4) },
  zstd: { blockSize: 4 * 1024 * 1024, level: 3 },
};

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
    /** For a layer of that many uncompressed bytes. */
    readonly deflate: (size: number) => DeflateSettings;
  };
  readonly zstd: {
    /** Each block is a frame of its own. */
    readonly blockSize: number;
    readonly level: number;
  };
}

/** zlib's own numbers. */
export interface DeflateSettings {
  readonly level: number;
  readonly memLevel: number;
}

const LARGE = 64 * 1024 * 1024;

export const PROFILE: CompressionProfile = {
  version: 1,
  gzip: {
    blockSize: 512 * 1024,
    deflate: (size) => (size < LARGE ? { level: 5, memLevel: 7 } : { level: 3, memLevel: 9 }),
  },
  zstd: { blockSize: 4 * 1024 * 1024, level: 3 },
};

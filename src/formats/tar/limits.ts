/** What an archive may not exceed, so that reading it takes bounded memory. @module */

export interface TarLimits {
  /** Entries in one archive. */
  readonly entries: number;
  /** Bytes of one extended header, or of one long name: Go's archive/tar has the same bound. */
  readonly extendedHeader: number;
  /** Records that apply to all entries: each entry costs as much time as there are of them. */
  readonly globalRecords: number;
  /** Pieces of all sparse files of one archive. */
  readonly extents: number;
}

export const TAR_LIMITS: TarLimits = {
  entries: 20_000_000,
  extendedHeader: 1024 * 1024,
  globalRecords: 1000,
  extents: 1_000_000,
};

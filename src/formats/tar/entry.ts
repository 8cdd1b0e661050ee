/** One entry of a tar archive, as read. @module */
import type { PaxRecords, Time } from './pax.ts';
import type { Extent } from './sparse.ts';

export type TarKind =
  | 'file'
  | 'dir'
  | 'symlink'
  | 'hardlink'
  | 'char'
  | 'block'
  | 'fifo'
  /** PAX records for what follows, with nothing of its own. */
  | 'global'
  /** Everything that is no file: a volume label, a type letter that nobody defined. See `typeflag`. */
  | 'other';

/** Offsets and sizes are in bytes of the uncompressed archive. */
export interface TarEntry {
  readonly kind: TarKind;
  /** The header's type letter; NUL, which means a file, as `'\0'`. */
  readonly typeflag: string;
  /** As written: relative or absolute, perhaps with `..` or a trailing `/`. Form as in `base/names.ts`. */
  readonly name: string;
  /** Target of a hard link or symbolic link, as written; else what the field happens to hold. */
  readonly linkname: string;
  /** Whatever bits the header has; only the low twelve are permissions. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly uname: string;
  readonly gname: string;
  readonly mtime: number;
  readonly mtimeNs: number;
  readonly atime: Time | undefined;
  readonly ctime: Time | undefined;
  readonly major: number;
  readonly minor: number;
  /** Bytes the file has: for a sparse file with its holes. */
  readonly size: number;
  /** For a sparse file: where its data lies. */
  readonly extents: readonly Extent[] | undefined;
  /** The entry's own PAX records (for a global header: those). Their bytes are the caller's to keep. */
  readonly records: PaxRecords | undefined;
  readonly xattrs: ReadonlyMap<string, Uint8Array> | undefined;
  /** The first block that belongs to the entry, extended headers included: the `end` of the entry before. */
  readonly start: number;
  /** Where the stored bytes begin, and how many they are (less than `size` in a sparse file). */
  readonly body: number;
  readonly stored: number;
  /** Behind the body and its padding to whole blocks. */
  readonly end: number;
}

/** What a global header says of itself: nothing. */
export const GLOBAL_HEADER = {
  kind: 'global',
  typeflag: 'g',
  name: '',
  linkname: '',
  mode: 0,
  uid: 0,
  gid: 0,
  uname: '',
  gname: '',
  mtime: 0,
  mtimeNs: 0,
  atime: undefined,
  ctime: undefined,
  major: 0,
  minor: 0,
  size: 0,
  extents: undefined,
  xattrs: undefined,
} as const;

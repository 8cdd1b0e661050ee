/** A file that a loader has found and opened. @module */
import type { Elf } from '../formats/elf/types.ts';
import type { Hop } from '../model/resolve.ts';

export interface Opened {
  /** As it was put together: may be relative, and hold `..` and links. */
  readonly path: string;
  /** Where that ends. */
  readonly realPath: string;
  readonly hops: readonly Hop[];
  /** The file's beginning: see `Binary`. */
  readonly head: Uint8Array;
  readonly elf: Elf;
  /** Equal for two names of one file: a hard link's token, else the physical path. */
  readonly identity: unknown;
}

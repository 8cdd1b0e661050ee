/** What is kept beside the images so that the next time is quicker, piece by piece. @module */

/**
 * - `step`: what a step came to, as what its layer was stored, digests of files;
 * - `download`: what ADD has downloaded;
 * - `layer`: an uncompressed layer;
 * - `blob`: a compressed layer that a build made, among the blobs of the store;
 * - `snapshot`: a layer as steps stand on it;
 * - `mount`: what `RUN --mount=type=cache` keeps;
 * - `root`: a root filesystem unpacked for `pare run`.
 */
export const KEPT_KINDS = ['step', 'download', 'layer', 'blob', 'snapshot', 'mount', 'root'] as const;
export type KeptKind = (typeof KEPT_KINDS)[number];

export interface Kept {
  readonly kind: KeptKind;
  /** Among its kind. */
  readonly id: string;
  /** For people. */
  readonly description: string;
  /** On the disk, as du(1) counts. */
  readonly bytes: number;
  /** When it was last used, in milliseconds since the epoch. */
  readonly used: number;
  /** Whether a process uses it, or an image needs it: then it stays. */
  readonly inUse: boolean;
  /** Whether nothing can use it any more. */
  readonly stale: boolean;
  /** Says whether it is gone: false where somebody has begun to use it. */
  remove(): Promise<boolean>;
}

/**
 * What one layer does to a tree (image-spec layer.md, "Change Types"), as a value. A Changeset is *anchored*: the
 * symbolic links in its entries' parents have been followed in the tree it was made for, so that apply and compose never
 * look at links. `anchor.ts` makes one from a layer's entries; `docs/laws.md` states what holds of it.
 * @module
 */
import type { DirInfo, Leaf } from './node.ts';

export interface Changeset {
  readonly root: DirChange;
}

/**
 * - a {@link Leaf}: stands here afterwards, whatever stood here before;
 * - `dir`: a directory stands here afterwards, see {@link DirChange};
 * - `whiteout`: nothing stands here afterwards;
 * - `hardlink`: another name of the inode at `target` in the tree *below* (a link within one layer is two leaves that
 *   share a token).
 */
export type Change = Leaf | DirChange | Whiteout | HardlinkBelow;

export interface DirChange {
  readonly kind: 'dir-change';
  /**
   * The directory's metadata afterwards. Absent when the layer does not describe it: then an existing directory keeps
   * its own, and a new one gets root's, 0755, epoch.
   */
  readonly info: DirInfo | undefined;
  /** Whether everything that was below is hidden: `.wh..wh..opq`, or a whiteout and a new directory in one layer. */
  readonly opaque: boolean;
  /** By name; iteration order carries no meaning. */
  readonly children: ReadonlyMap<string, Change>;
}

export interface Whiteout {
  readonly kind: 'whiteout';
}

export interface HardlinkBelow {
  readonly kind: 'hardlink';
  /** Clean physical path in the tree below. */
  readonly target: string;
}

export const WHITEOUT: Whiteout = { kind: 'whiteout' };

/** The identity of compose: changes nothing. */
export const EMPTY_CHANGESET: Changeset = {
  root: { kind: 'dir-change', info: undefined, opaque: false, children: new Map() },
};

/**
 * What one entry of a layer's tar says, before it is anchored in a tree (image-spec layer.md). Entries are kept in archive
 * order, since a later one may replace what an earlier one made.
 * @module
 */
import type { DirInfo, Leaf, Meta } from '../node.ts';

/**
 * `path` is clean and absolute (`base/path.ts`); its parents may be symbolic links in the tree the layer is applied to, and
 * need not be entries of the layer. Only a `dir` node has the path `/`.
 */
export type LayerEntry = NodeEntry | HardlinkEntry | WhiteoutEntry | OpaqueEntry;

/** This stands at the path; a directory keeps what is in it. */
export interface NodeEntry {
  readonly kind: 'node';
  readonly path: string;
  readonly node: Leaf | DirInfo;
}

/** The path is another name of the inode that `target` names at this point of the archive. */
export interface HardlinkEntry {
  readonly kind: 'hardlink';
  readonly path: string;
  /**
   * As written, not cleaned and not empty: relative to the root with or without a leading `/`. Symbolic links in its parents
   * are followed inside the root, `..` behind them included; its last component is not followed.
   */
  readonly target: string;
  /**
   * The header's own metadata. Extractors set it on the shared inode, which matters where it differs from what the first
   * name said. No xattrs means that none are written here, not that the inode has none.
   */
  readonly meta: Meta;
  readonly mtime: number;
  readonly mtimeNs: number;
}

/** `.wh.NAME`: whatever lower layers have at the path is gone. `path` names what is hidden, without the prefix. */
export interface WhiteoutEntry {
  readonly kind: 'whiteout';
  readonly path: string;
}

/** `.wh..wh..opq`: whatever lower layers have in the directory at `path` is gone. */
export interface OpaqueEntry {
  readonly kind: 'opaque';
  readonly path: string;
}

/**
 * What an EROFS image is made of. The shapes are those of the model's trees, which this tier does not know: a tree's root is
 * an {@link ErofsDir} as it stands.
 * @module
 */

interface Common {
  readonly meta: {
    /** The twelve permission bits. */
    readonly mode: number;
    readonly uid: number;
    readonly gid: number;
    /** By full name. */
    readonly xattrs?: ReadonlyMap<string, Uint8Array> | undefined;
  };
  /** Whole seconds since the epoch, and nanoseconds after. */
  readonly mtime: number;
  readonly mtimeNs: number;
}

interface Linkable extends Common {
  /** Nodes with the same token are names of one inode; they agree in everything. */
  readonly link: object | undefined;
}

/** `names` are in the form of `base/names.ts`, none twice, in any order, and run parallel to `nodes`. */
export interface ErofsDir<C> extends Common {
  readonly kind: 'dir';
  readonly names: readonly string[];
  readonly nodes: readonly ErofsNode<C>[];
}

/** @typeParam C what stands for the bytes of a file */
export type ErofsLeaf<C> =
  | (Linkable & { readonly kind: 'file'; readonly content: C })
  | (Linkable & { readonly kind: 'symlink'; readonly target: string })
  | (Linkable & { readonly kind: 'char' | 'block'; readonly major: number; readonly minor: number })
  | (Linkable & { readonly kind: 'fifo' });

export type ErofsNode<C> = ErofsDir<C> | ErofsLeaf<C>;

/** Where the bytes of a file are: in the image itself, or on another device, from a multiple of {@link BLOCK} bytes on. */
export type ErofsBytes =
  | { readonly kind: 'inside'; readonly bytes: Uint8Array }
  | { readonly kind: 'device'; readonly device: number; readonly offset: number; readonly size: number };

/**
 * Bytes of a block: that of a tar, at whose multiples the files of an archive begin. A kernel mounts such images from Linux 6.4 on,
 * and files, without a block device, from 6.12 on.
 */
export const BLOCK = 512;

/** Names with a meaning in layers (image-spec layer.md, "Whiteouts"). @module */

/** `.wh.NAME` removes NAME from the layers below. */
export const WHITEOUT_PREFIX = '.wh.';

/** Hides everything the layers below have in its directory. */
export const OPAQUE = '.wh..wh..opq';

/** AUFS's own files in the root of a layer, as Docker left them in images until 2014. */
export const AUFS_PREFIX = '.wh..wh.';

/** Where AUFS kept the bytes of hard-linked files. */
export const AUFS_LINKS = '.wh..wh.plnk';

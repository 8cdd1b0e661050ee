/** Names and numbers of zstd:chunked (containers/storage, pkg/chunked; version 1.43 had other ones). @module */

/** Of the layer's descriptor: the digest of the compressed table of contents. */
export const TOC_DIGEST = 'io.github.containers.zstd-chunked.manifest-checksum';
/** Of the layer's descriptor: `OFFSET:COMPRESSED:UNCOMPRESSED:TYPE` of the table of contents. */
export const TOC_POSITION = 'io.github.containers.zstd-chunked.manifest-position';
/** Of the layer's descriptor: `OFFSET:COMPRESSED:UNCOMPRESSED` of the tar without its contents. */
export const TAR_SPLIT_POSITION = 'io.github.containers.zstd-chunked.tarsplit-position';

/** The only type of table of contents there is. */
export const TOC_TYPE = 1;

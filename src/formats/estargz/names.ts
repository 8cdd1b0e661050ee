/** Names of eStargz (containerd/stargz-snapshotter, docs/estargz.md). @module */

/** The table of contents as a file of the archive. */
export const TOC_NAME = 'stargz.index.json';

/** Says that nothing is to be fetched in advance. */
export const NO_PREFETCH = '.no.prefetch.landmark';
/** Stands behind what is to be fetched in advance. */
export const PREFETCH = '.prefetch.landmark';
/** What a landmark holds. */
export const LANDMARK: Buffer = Buffer.of(0xf);

/** Of the layer's descriptor: the digest of the table of contents, uncompressed. */
export const TOC_DIGEST = 'containerd.io/snapshot/stargz/toc.digest';
/** Of the layer's descriptor: bytes of the tar. */
export const UNCOMPRESSED_SIZE = 'io.containers.estargz.uncompressed-size';

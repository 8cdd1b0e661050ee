/**
 * Whether a chunked layer's table of contents says what its tar says: otherwise who reads files by it sees others than who
 * unpacks the layer.
 * @module
 */
import type { Toc } from '../../formats/chunked/toc.ts';
import { verifyToc } from '../../formats/chunked/verify.ts';
import { decompress } from '../../formats/compress/decompress.ts';
import * as estargz from '../../formats/estargz/names.ts';
import { readEstargz } from '../../formats/estargz/read.ts';
import { layerCompression } from '../../formats/oci/media-types.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import { TOC_DIGEST as ZSTD_CHUNKED } from '../../formats/zstd-chunked/names.ts';
import { readZstdChunked } from '../../formats/zstd-chunked/read.ts';
import type { Blob } from '../../model/content.ts';
import type { Source } from '../../ports/content-store.ts';
import type { Run } from '../../ports/run.ts';

/** Behind the end of an eStargz archive. */
const LANDMARKS: ReadonlySet<string> = new Set([estargz.PREFETCH, estargz.NO_PREFETCH]);

/** Whether its descriptor speaks of a table of contents. */
export function isChunked({ annotations = {} }: Descriptor): boolean {
  return annotations[estargz.TOC_DIGEST] !== undefined || annotations[ZSTD_CHUNKED] !== undefined;
}

/**
 * Reads the layer once more; nothing is said of one that cannot be read at any position.
 * @throws ImageError INVALID, DIGEST_MISMATCH, LIMIT, UNSUPPORTED
 */
export async function verifyContents(source: Source, layer: Descriptor, run: Run): Promise<void> {
  const blob = await source.blob?.(layer);
  const compression = layerCompression(layer.mediaType);
  if (blob === undefined || compression === undefined) return;
  const { toc, ...options } = await tocOf(blob, layer);
  const tar = decompress(source.fetch(layer, run), compression, { signal: run.signal });
  await verifyToc(toc, tar, { ...options, signal: run.signal });
}

interface ReadToc {
  readonly toc: Toc;
  readonly besides: ReadonlySet<string>;
  readonly until?: string;
}

async function tocOf(blob: Blob, { size, annotations = {} }: Descriptor): Promise<ReadToc> {
  if (annotations[estargz.TOC_DIGEST] === undefined) {
    return { toc: (await readZstdChunked(blob, size, annotations)).toc, besides: new Set() };
  }
  return { toc: await readEstargz(blob, size, annotations), besides: LANDMARKS, until: `/${estargz.TOC_NAME}` };
}

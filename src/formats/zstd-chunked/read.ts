/** Reading zstd:chunked: the descriptor says where the table of contents is, and what its digest is. @module */
import { type Digest, digestOf, isDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { collect, pieces } from '../../base/stream.ts';
import { parseToc, TOC_LIMIT, type Toc } from '../chunked/toc.ts';
import { decompress } from '../compress/decompress.ts';
import type { RandomAccess } from '../tar/scan.ts';
import { TAR_SPLIT_POSITION, TOC_DIGEST, TOC_POSITION, TOC_TYPE } from './names.ts';
import { type Position, SKIPPABLE_HEADER } from './skippable.ts';

export interface ZstdChunked {
  readonly toc: Toc;
  /** The tar without its contents, as JSON lines; undefined where the layer has none that can be trusted. */
  readonly tarSplit: Uint8Array | undefined;
}

/**
 * @param size of the blob in bytes
 * @param annotations of the layer's descriptor
 * @throws ImageError INVALID, DIGEST_MISMATCH, LIMIT
 */
export async function readZstdChunked(
  blob: RandomAccess,
  size: number,
  annotations: Readonly<Record<string, string>>,
): Promise<ZstdChunked> {
  const digest = annotations[TOC_DIGEST] ?? '';
  if (!isDigest(digest)) throw new ImageError('INVALID', `the annotation ${TOC_DIGEST} is no digest`);
  const place = parsePosition(annotations[TOC_POSITION], size, TOC_TYPE);
  const document = await readText(blob, place, digest);
  const toc = parseToc(document, place.offset - SKIPPABLE_HEADER);
  if (toc.tarSplit === undefined) return { toc, tarSplit: undefined };
  const tarSplit = await readText(blob, parsePosition(annotations[TAR_SPLIT_POSITION], size), toc.tarSplit);
  return { toc, tarSplit };
}

function parsePosition(text: string | undefined, size: number, type?: number): Position {
  const numbers = (text ?? '').split(':').map((part) => (/^\d{1,16}$/.test(part) ? Number(part) : Number.NaN));
  const [offset = Number.NaN, length = Number.NaN, uncompressed = Number.NaN, kind] = numbers;
  const fits = offset >= SKIPPABLE_HEADER && length > 0 && offset + length <= size;
  if (!fits || !Number.isSafeInteger(uncompressed) || kind !== type) {
    throw new ImageError(
      'INVALID',
      `the annotations of a zstd:chunked layer give a place that makes no sense: ${text}`,
    );
  }
  if (Math.max(length, uncompressed) > TOC_LIMIT) {
    throw new ImageError('LIMIT', `the table of contents of a layer has more than ${TOC_LIMIT} bytes`);
  }
  return { offset, size: length, uncompressed };
}

async function readText(blob: RandomAccess, place: Position, digest: Digest): Promise<Uint8Array> {
  const compressed = await blob.read(place.offset, place.size);
  if (digestOf(compressed) !== digest) {
    throw new ImageError('DIGEST_MISMATCH', 'the table of contents of a layer is not the one its descriptor speaks of');
  }
  const limits = { output: place.uncompressed, ratio: 1000, grace: TOC_LIMIT };
  return collect(
    decompress(pieces(compressed), 'zstd', { limits }),
    place.uncompressed,
    'table of contents of a layer',
  );
}

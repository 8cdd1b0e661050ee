/** Reading eStargz: the footer says where the table of contents is, and the descriptor what its digest is. @module */
import { type Digest, digestOf, isDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { collect, pieces } from '../../base/stream.ts';
import { parseToc, TOC_LIMIT, type Toc } from '../chunked/toc.ts';
import { decompress } from '../compress/decompress.ts';
import { type RandomAccess, scanTar } from '../tar/scan.ts';
import { FOOTER_SIZE, parseFooter } from './footer.ts';
import { TOC_DIGEST, TOC_NAME } from './names.ts';

/**
 * @param size of the blob in bytes
 * @param annotations of the layer's descriptor
 * @throws ImageError INVALID, DIGEST_MISMATCH, LIMIT, UNSUPPORTED
 */
export async function readEstargz(
  blob: RandomAccess,
  size: number,
  annotations: Readonly<Record<string, string>>,
): Promise<Toc> {
  const expected = annotations[TOC_DIGEST] ?? '';
  if (!isDigest(expected)) throw new ImageError('INVALID', `the annotation ${TOC_DIGEST} is no digest`);
  if (size < FOOTER_SIZE) throw new ImageError('INVALID', 'a blob as short as this is no eStargz layer');
  const offset = parseFooter(await blob.read(size - FOOTER_SIZE, FOOTER_SIZE));
  const compressed = size - FOOTER_SIZE - offset;
  if (compressed <= 0 || compressed > TOC_LIMIT) {
    throw new ImageError('INVALID', `the footer of an eStargz layer points to byte ${offset} of ${size}`);
  }
  const archive = await uncompressed(await blob.read(offset, compressed));
  const document = await contentOf(archive);
  assertDigest(document, expected);
  return parseToc(document, offset);
}

async function uncompressed(bytes: Uint8Array): Promise<Uint8Array> {
  const limits = { output: TOC_LIMIT, ratio: 1000, grace: TOC_LIMIT };
  return collect(decompress(pieces(bytes), 'gzip', { limits }), TOC_LIMIT, 'table of contents of a layer');
}

/** The table is a file of an archive of its own. */
async function contentOf(archive: Uint8Array): Promise<Uint8Array> {
  const read = async (at: number, length: number) => archive.subarray(at, at + length);
  for await (const entry of scanTar({ read }, archive.length)) {
    if (entry.name === TOC_NAME && entry.kind === 'file')
      return archive.subarray(entry.body, entry.body + entry.stored);
    break;
  }
  throw new ImageError('INVALID', `an eStargz layer has no ${TOC_NAME} where its footer points to`);
}

function assertDigest(document: Uint8Array, expected: Digest): void {
  if (digestOf(document) === expected) return;
  throw new ImageError('DIGEST_MISMATCH', 'the table of contents of a layer is not the one its descriptor speaks of');
}

/** What the store holds already of an image that lies elsewhere: it need not be fetched again. @module */
import type { Digest } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import { isObject, parseJson } from '../base/json.ts';
import { isIndexType, isManifestType } from '../formats/oci/media-types.ts';
import { MANIFEST_LIMIT } from '../formats/oci/parse.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import type { Source } from '../ports/content-store.ts';
import { handedOn } from '../ports/verified.ts';
import { blobFile, hasBlob, isLayout, readBlob, readBlobNow } from '../system/layout-directory.ts';

/** A manifest or index with its bytes, which say themselves what they are; undefined where the store does not have it. */
export function manifestAtHand(
  dir: string,
  digest: Digest,
): { readonly descriptor: Descriptor; readonly bytes: Uint8Array } | undefined {
  const bytes = isLayout(dir) ? readBlobNow(dir, digest, MANIFEST_LIMIT) : undefined;
  if (bytes === undefined) return undefined;
  const document = parseJson(bytes, digest, MANIFEST_LIMIT);
  const mediaType = isObject(document) ? document['mediaType'] : undefined;
  if (typeof mediaType !== 'string' || !(isManifestType(mediaType) || isIndexType(mediaType))) return undefined;
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
}

/** The same image; blobs that the store holds are read from there, and so are layers that lie in a file of it. */
export function storedFirst(source: Source, dir: string): Source {
  if (!isLayout(dir)) return source;
  const fetch: Source['fetch'] = (descriptor, run) => {
    if (!hasBlob(dir, descriptor)) return source.fetch(descriptor, run);
    const stored = readBlob(dir, descriptor, `the store ${dir}`);
    return handedOn(
      stored,
      unlessPruned(stored, () => source.fetch(descriptor, run)),
    );
  };
  return { ...source, fetch, blob: async (descriptor) => blobFile(dir, descriptor) ?? source.blob?.(descriptor) };
}

/** Somebody may prune the store between the two looks at it. */
async function* unlessPruned(
  stored: AsyncIterable<Uint8Array>,
  otherwise: () => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let hasBegun = false;
  try {
    for await (const piece of stored) {
      hasBegun = true;
      yield piece;
    }
    return;
  } catch (error) {
    if (hasBegun || !(error instanceof ImageError) || error.code !== 'NOT_FOUND') throw error;
  }
  yield* otherwise();
}

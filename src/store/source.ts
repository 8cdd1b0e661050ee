/** An image of the store as a source. @module */
import { ImageError } from '../base/errors.ts';
import { plainDescriptor } from '../formats/oci/layout.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import { describeReference, type StoreReference } from '../formats/reference/parse.ts';
import type { Source } from '../ports/content-store.ts';
import { layoutReferrers } from '../ports/layout-referrers.ts';
import type { Run } from '../ports/run.ts';
import { blobFile, readBlob, readIndex } from '../system/layout-directory.ts';
import { manifestAtHand } from './at-hand.ts';
import { findEntry } from './names.ts';
import type { StoreSession } from './session.ts';

/**
 * What is resolved is leased: it can be read for as long as the session lasts.
 * @returns undefined where the store has no such image
 * @throws ImageError USAGE where the first digits of a digest are those of several
 */
export async function openStoreSource(
  session: StoreSession,
  reference: StoreReference,
  run: Run = {},
): Promise<Source | undefined> {
  const { dir } = session;
  const root = await session.lease(() => {
    const found = findImage(dir, reference);
    return { digests: found === undefined ? [] : [found.digest], value: found };
  }, run);
  if (root === undefined) return undefined;
  const fetch: Source['fetch'] = (descriptor) => readBlob(dir, descriptor, `the store ${dir}`);
  return {
    reference: reference.text,
    resolve: async () => plainDescriptor(root),
    fetch,
    blob: async (descriptor) => blobFile(dir, descriptor),
    referrers: layoutReferrers(() => readIndex(dir), fetch),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** @throws ImageError NOT_FOUND, with what can be done about it */
export function notInStore(dir: string, reference: StoreReference): ImageError {
  return new ImageError('NOT_FOUND', `the store has no image ${describeReference(reference)}`, {
    hint: `"pare images" lists what ${dir} holds; "pare pull" fetches from a registry`,
  });
}

/** An entry of the index, or a manifest inside an entry that is an index, by its digest. */
export function findImage(dir: string, reference: StoreReference): Descriptor | undefined {
  const entry = findEntry(readIndex(dir), reference);
  if (entry !== undefined || reference.digest === undefined) return entry;
  return manifestAtHand(dir, reference.digest)?.descriptor;
}

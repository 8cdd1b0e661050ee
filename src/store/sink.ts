/** An image of the store as a sink. @module */
import type { Digest } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import { pieces } from '../base/stream.ts';
import { NO_REFERRERS } from '../formats/oci/referrers.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import type { StoreReference } from '../formats/reference/parse.ts';
import type { Sink } from '../ports/content-store.ts';
import { addReferrers } from '../ports/layout-referrers.ts';
import type { Run } from '../ports/run.ts';
import { hasBlob, readBlob, readIndex, syncBlobs, writeIndex, writePending } from '../system/layout-directory.ts';
import { tempDir } from './directory.ts';
import { entryName, withName } from './names.ts';
import type { StoreSession } from './session.ts';

/**
 * Every blob that is written or found is leased by the session until the index names what it belongs to. What is not
 * committed is left for `prune`, unless another image uses it.
 * @throws ImageError USAGE for a reference that is no name
 */
export function openStoreSink(session: StoreSession, reference: StoreReference): Sink {
  const { dir } = session;
  const { named } = reference;
  if (named === undefined || named.tag === undefined) {
    throw new ImageError('USAGE', `${reference.text} names an image by its digest, which writing cannot choose`, {
      hint: 'write NAME:TAG',
    });
  }
  const name = entryName(named);
  /** Written, or found: another process may have written them a moment ago, and not have synced them. */
  const used = new Set<Digest>();

  const has = async (descriptor: Descriptor, run?: Run) => {
    const { digest } = descriptor;
    const found = await session.lease(() => ({ digests: [digest], value: hasBlob(dir, descriptor) }), run);
    if (found) used.add(digest);
    return found;
  };
  const store = async (expected: Descriptor | undefined, bytes: AsyncIterable<Uint8Array>, run?: Run) => {
    await using blob = await writePending(dir, tempDir(dir), bytes, expected, run);
    const { digest, size } = blob;
    await session.lease(() => ({ digests: [digest], value: blob.publish() }), run);
    used.add(digest);
    return { digest, size };
  };

  const fetch = (descriptor: Descriptor) => readBlob(dir, descriptor, `the store ${dir}`);
  const writeList = async (document: Uint8Array) => {
    await using blob = await writePending(dir, tempDir(dir), pieces(document), undefined);
    blob.publish();
    await syncBlobs(dir, [blob.digest]);
    return { digest: blob.digest, size: blob.size };
  };

  return {
    reference: reference.text,
    has,
    push: async (descriptor, bytes, run) => {
      if (!(await has(descriptor, run))) await store(descriptor, bytes, run);
    },
    write: async (mediaType, bytes, run) => ({ mediaType, ...(await store(undefined, bytes, run)) }),
    commit: async (root, options = {}, run) => {
      await syncBlobs(dir, [...used]);
      // Nobody can remove anything now, so that the list needs no lease before the index states it.
      await session.exclusively(async () => {
        const named = withName(readIndex(dir), root, name);
        const { referrers = NO_REFERRERS } = options;
        await writeIndex(dir, await addReferrers(named, root.digest, referrers, fetch, writeList), true);
      }, run);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

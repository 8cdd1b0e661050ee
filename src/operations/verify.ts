/** Verifying what a reference names, or the whole store. @module */
import type { Digest } from '../base/digest.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import { type Access, openSource } from '../sources.ts';
import { storeDirectory } from '../store/directory.ts';
import { openStore } from '../store/session.ts';
import { openWholeStore, verifyLooseBlobs } from '../store/verify.ts';
import { type Verification, verifier } from '../transforms/verify/verify.ts';

/** All platforms of the image, and what refers to it. @throws ImageError where it cannot be opened at all */
export async function verifyReference(
  reference: string,
  access: Access,
): Promise<Verification & { readonly descriptor: Descriptor }> {
  await using source = await openSource(reference, access);
  const descriptor = await source.resolve(access.run);
  const checks = verifier(access.run);
  await checks.imageWithReferrers(source, descriptor);
  return { descriptor, ...checks.result() };
}

export interface StoreVerification extends Verification {
  readonly dir: string;
  readonly images: number;
  /** Blobs that no image needs: what `prune` would remove. */
  readonly unneeded: readonly Digest[];
}

/** Every image of the store, blobs that belong to none, and the cache. A store that does not exist is in order. */
export async function verifyStore(access: Access): Promise<StoreVerification> {
  const dir = storeDirectory(access.env);
  await using session = await openStore(dir, { create: false }, access.run);
  if (session === undefined) return { dir, images: 0, blobs: 0, bytes: 0, problems: [], unneeded: [] };
  const { source, images } = await openWholeStore(session, access.run);
  const checks = verifier(access.run);
  for (const entry of images) await checks.imageWithReferrers(source, entry);
  const loose = await verifyLooseBlobs(session, access.run);
  const result = checks.result();
  return {
    dir,
    images: images.length,
    unneeded: loose.unneeded,
    blobs: result.blobs + loose.blobs,
    bytes: result.bytes + loose.bytes,
    problems: [...result.problems, ...loose.problems],
  };
}

/** Taking images out of a registry (distribution-spec 1.1, "Deleting Tags" and "Deleting Manifests"). @module */
import type { Digest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import type { RemoteReference } from '../../formats/reference/parse.ts';
import type { RegistryAccess } from '../../ports/registry-access.ts';
import type { Run } from '../../ports/run.ts';
import { getManifest, headManifest, manifestName } from './manifest.ts';
import type { Place } from './place.ts';
import { listsReferrers, referrerOf, removeFromList } from './sink/referrers.ts';
import { openRepository } from './sink/repository.ts';
import type { RegistryRequest } from './types.ts';

/**
 * By tag: the name goes, and the image stays. By digest: the image goes, with all its tags.
 * @throws ImageError NOT_FOUND; UNSUPPORTED where the registry does not delete; USAGE for a tag and a digest at once
 */
export async function deleteFromRegistry(reference: RemoteReference, access: RegistryAccess, run: Run): Promise<void> {
  const { tag, digest } = reference.named;
  if (tag !== undefined && digest !== undefined) {
    throw new ImageError('USAGE', `${reference.text} has a tag and a digest, and only one of them can be meant`, {
      hint: 'with the tag alone the name goes; with the digest alone the image goes, and all its tags',
    });
  }
  const place = await openRepository(reference, access);
  await using _ = place.client;
  if (digest === undefined) await deleteTag(place, tag ?? 'latest', run);
  else await deleteManifest(place, digest, run);
}

async function deleteTag(place: Place, tag: string, run: Run): Promise<void> {
  const request = deletion(place, tag);
  const response = await place.client.request({ ...request, expect: [...request.expect, 400, 405] }, run);
  if (response.status < 400) return response.discard();
  const refusal = await place.client.failure(request, response);
  const digest = await headManifest(place, tag, run);
  if (digest === undefined) throw refusal;
  throw new ImageError('UNSUPPORTED', `the registry takes no tag away from an image: ${refusal.message}`, {
    hint: `to delete the image, with all the tags it has: pare delete docker://${manifestName(place, digest)}`,
    cause: refusal,
  });
}

/** Where it refers to another, and the clients keep the list of that, it goes out of the list too. */
async function deleteManifest(place: Place, digest: Digest, run: Run): Promise<void> {
  const { descriptor, bytes } = await getManifest(place, digest, run);
  const request = deletion(place, digest);
  const response = await place.client.request({ ...request, expect: [...request.expect, 405] }, run);
  if (response.status === 405) {
    const refusal = await place.client.failure(request, response);
    throw new ImageError('UNSUPPORTED', `the registry does not delete: ${refusal.message}`, {
      hint: 'who runs it has to allow that (of docker-registry: "storage: delete: enabled: true")',
      cause: refusal,
    });
  }
  await response.discard();
  const referrer = referrerOf(descriptor, bytes);
  if (referrer === undefined || (await listsReferrers(place, referrer.subject, run))) return;
  await removeFromList(place, referrer.subject, digest, run);
}

function deletion(place: Place, version: string): RegistryRequest {
  const { repository } = place;
  return {
    method: 'DELETE',
    target: `/v2/${repository}/manifests/${version}`,
    scopes: [{ repository, actions: ['pull', 'push', 'delete'] }],
    expect: [200, 202, 204],
    doing: `deleting ${manifestName(place, version)}`,
  };
}

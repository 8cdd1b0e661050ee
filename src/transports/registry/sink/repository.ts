/** One repository of a registry, to be written to. @module */
import type { Digest } from '../../../base/digest.ts';
import type { Descriptor } from '../../../formats/oci/types.ts';
import type { RemoteReference } from '../../../formats/reference/parse.ts';
import type { RegistryAccess } from '../../../ports/registry-access.ts';
import type { Run } from '../../../ports/run.ts';
import { openRegistryClient } from '../client.ts';
import { type Place, placeName } from '../place.ts';
import type { Scope } from '../types.ts';

/** The registry itself, whatever mirrors there are. @throws ImageError DENIED where the configuration blocks it */
export async function openRepository({ named }: RemoteReference, access: RegistryAccess): Promise<Place> {
  const endpoint = await access.destination(named.domain, named.path);
  return { client: openRegistryClient(endpoint, access), repository: endpoint.repository, world: access.world };
}

export function pushScope({ repository }: Place): Scope {
  return { repository, actions: ['pull', 'push'] };
}

/** Whether the blob is there, with the size where one is stated. */
export async function hasBlob(
  place: Place,
  { digest, size }: { readonly digest: Digest; readonly size?: Descriptor['size'] },
  run: Run,
): Promise<boolean> {
  const response = await place.client.request(
    {
      method: 'HEAD',
      target: `/v2/${place.repository}/blobs/${digest}`,
      scopes: [pushScope(place)],
      expect: [200, 404],
      doing: `looking for ${digest} in ${placeName(place)}`,
    },
    run,
  );
  await response.discard();
  const length = response.headers['content-length'];
  return response.status === 200 && (size === undefined || length === undefined || Number(length) === size);
}

/** One repository of a registry, to be written to. @module */
import type { Digest } from '../../../base/digest.ts';
import type { Descriptor } from '../../../formats/oci/types.ts';
import type { RemoteReference } from '../../../formats/reference/parse.ts';
import type { RegistryAccess, World } from '../../../ports/registry-access.ts';
import type { Run } from '../../../ports/run.ts';
import { openRegistryClient } from '../client.ts';
import type { RegistryClient, Scope } from '../types.ts';

export interface Destination {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly world: Pick<World, 'sleep' | 'random'>;
}

/** The registry itself, whatever mirrors there are. @throws ImageError DENIED where the configuration blocks it */
export async function openDestination({ named }: RemoteReference, access: RegistryAccess): Promise<Destination> {
  const endpoint = (await access.route(named.domain, named.path)).at(-1);
  if (endpoint === undefined) throw new Error(`bug: no way to ${named.domain}`);
  return { client: openRegistryClient(endpoint, access), repository: endpoint.repository, world: access.world };
}

/** For messages: `localhost:5000/library/redis`. */
export function nameOf({ client, repository }: Destination): string {
  return `${client.host}/${repository}`;
}

export function pushScope({ repository }: Destination): Scope {
  return { repository, actions: ['pull', 'push'] };
}

/** Whether the blob is there, with the size where one is stated. */
export async function hasBlob(
  destination: Destination,
  { digest, size }: { readonly digest: Digest; readonly size?: Descriptor['size'] },
  run: Run,
): Promise<boolean> {
  const response = await destination.client.request(
    {
      method: 'HEAD',
      target: `/v2/${destination.repository}/blobs/${digest}`,
      scopes: [pushScope(destination)],
      expect: [200, 404],
      doing: `looking for ${digest} in ${nameOf(destination)}`,
    },
    run,
  );
  await response.discard();
  const length = response.headers['content-length'];
  return response.status === 200 && (size === undefined || length === undefined || Number(length) === size);
}

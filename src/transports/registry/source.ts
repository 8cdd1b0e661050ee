/** `docker://HOST/REPOSITORY[:TAG|@DIGEST]` as a source. @module */
import { type Digest, isDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { pieces } from '../../base/stream.ts';
import { isIndexType, isManifestType } from '../../formats/oci/media-types.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import type { NamedReference } from '../../formats/reference/docker.ts';
import type { Source } from '../../ports/content-store.ts';
import type { RegistryAccess, RegistryEndpoint, Route } from '../../ports/registry-access.ts';
import type { Run } from '../../ports/run.ts';
import { verified } from '../../ports/verified.ts';
import { download } from './blob.ts';
import { type ClientOptions, openRegistryClient } from './client.ts';
import { getManifest, headManifest, type StoredManifest } from './manifest.ts';
import { inTurn, type Place, placeName } from './place.ts';
import { listReferrers } from './referrers.ts';
import { listTags } from './tags.ts';

export interface RegistrySourceOptions extends ClientOptions {
  /** As the user wrote it. */
  readonly text: string;
  /**
   * A manifest or index that is at hand already, with its media type: then the registry is asked for no more than what a tag
   * means.
   */
  readonly known?: (digest: Digest) => Promise<StoredManifest | undefined>;
}

/** @param named with a tag or a digest; the digest counts where there are both */
export async function openRegistrySource(
  named: NamedReference,
  access: RegistryAccess,
  options: RegistrySourceOptions,
): Promise<Source> {
  const { domain, path, tag, digest } = named;
  const version = digest ?? tag ?? 'latest';
  const route = await access.route(domain, path, { tag, digest });
  await using stack = new AsyncDisposableStack();
  const places = usable(route, version).map((endpoint) => openPlace(endpoint, access, options, stack));
  let root: StoredManifest | undefined;
  const fetch: Source['fetch'] = (descriptor, run = {}) => {
    if (descriptor.digest === root?.descriptor.digest) return verified(descriptor, pieces(root.bytes), options.text);
    return verified(descriptor, fetched(places, descriptor, run), places.map(placeName).at(-1) ?? '');
  };
  const opened = stack.move();
  return {
    reference: options.text,
    repository: { host: domain, path },
    resolve: async (run = {}) => {
      root ??= await resolved(places, version, options, run);
      return root.descriptor;
    },
    fetch,
    referrers: (subject, run = {}) => inTurn(places, run, (place) => listReferrers(place, subject, run)),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** The tags of a repository, of the registry itself: a mirror need not know them all. */
export async function readTags(
  named: NamedReference,
  access: RegistryAccess,
  run?: Run,
  options: ClientOptions = {},
): Promise<readonly string[]> {
  const route = await access.route(named.domain, named.path);
  await using stack = new AsyncDisposableStack();
  return await listTags(openPlace(route.at(-1) as RegistryEndpoint, access, options, stack), run);
}

function openPlace(
  endpoint: RegistryEndpoint,
  access: RegistryAccess,
  options: ClientOptions,
  stack: AsyncDisposableStack,
): Place {
  const client = stack.use(openRegistryClient(endpoint, access, options));
  return { client, repository: endpoint.repository, world: access.world };
}

function usable(route: Route, version: string): readonly RegistryEndpoint[] {
  const unfit = isDigest(version) ? 'tag-only' : 'digest-only';
  return route.filter(({ pulls }, i) => pulls !== unfit || i === route.length - 1);
}

async function resolved(
  places: readonly Place[],
  version: string,
  { known }: RegistrySourceOptions,
  run: Run,
): Promise<StoredManifest> {
  if (known === undefined) return await inTurn(places, run, (place) => getManifest(place, version, run));
  if (isDigest(version)) {
    const stored = await known(version);
    if (stored !== undefined) return stored;
  }
  return await inTurn(places, run, async (place) => {
    const digest = isDigest(version) ? undefined : await headManifest(place, version, run);
    const stored = digest === undefined ? undefined : await known(digest);
    return stored ?? (await getManifest(place, version, run));
  });
}

/** Unverified. Where a registry keeps something is a matter of what it is; what is of no known kind may be in either place. */
async function* fetched(places: readonly Place[], descriptor: Descriptor, run: Run): AsyncGenerator<Uint8Array> {
  const { mediaType } = descriptor;
  if (isManifestType(mediaType) || isIndexType(mediaType)) {
    yield* document(places, descriptor, run);
    return;
  }
  let hasBegun = false;
  try {
    for await (const piece of download(places, descriptor, run)) {
      hasBegun = true;
      yield piece;
    }
  } catch (error) {
    const isElsewhere = error instanceof ImageError && error.code === 'NOT_FOUND' && !hasBegun;
    if (!isElsewhere || !/manifest|index/.test(mediaType)) throw error;
    yield* document(places, descriptor, run);
  }
}

async function* document(places: readonly Place[], { digest }: Descriptor, run: Run): AsyncGenerator<Uint8Array> {
  yield (await inTurn(places, run, (place) => getManifest(place, digest, run))).bytes;
}

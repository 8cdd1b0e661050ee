/** What refers to an image (distribution-spec, "Listing Referrers"), by the registry's list or under the fallback tag. @module */
import type { Digest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { OCI_INDEX } from '../../formats/oci/media-types.ts';
import { MANIFEST_LIMIT, parseIndex } from '../../formats/oci/parse.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import type { Run } from '../../ports/run.ts';
import { pages } from './links.ts';
import { getManifest } from './manifest.ts';
import { type Place, placeName, pullScope } from './place.ts';
import { referrersTag } from './sink/referrers.ts';
import type { RegistryResponse } from './types.ts';

/** More than anybody attaches. */
const MOST_REFERRERS = 10_000;

/** Each once, sorted by digest. */
export async function listReferrers(place: Place, subject: Digest, run: Run): Promise<readonly Descriptor[]> {
  const listed = (await byList(place, subject, run)) ?? (await byTag(place, subject, run));
  const found = new Map(listed.map((one) => [one.digest, one]));
  return [...found.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

/** Undefined where the registry keeps no such lists. */
async function byList(place: Place, subject: Digest, run: Run): Promise<readonly Descriptor[] | undefined> {
  const what = `listing what refers to ${placeName(place)}@${subject}`;
  const found: Descriptor[] = [];
  const get = (target: string) =>
    place.client.request(
      {
        method: 'GET',
        target,
        headers: { accept: OCI_INDEX },
        scopes: [pullScope(place)],
        // Whatever a registry says that does not know this address: the image itself could be read.
        expect: [200, 400, 401, 403, 404, 405, 406, 501],
        whole: MANIFEST_LIMIT,
        doing: what,
      },
      run,
    );
  for await (const page of pages(`/v2/${place.repository}/referrers/${subject}`, what, get)) {
    if (!isList(page)) {
      await page.discard();
      return undefined;
    }
    const bytes = await page.bytes(MANIFEST_LIMIT);
    found.push(...parseIndex(bytes, { mediaType: OCI_INDEX, digest: subject }).manifests);
    if (found.length > MOST_REFERRERS) throw new ImageError('LIMIT', `${what}: there are more than ${MOST_REFERRERS}`);
  }
  return found;
}

function isList({ status, headers }: RegistryResponse): boolean {
  return status === 200 && headers['content-type']?.toLowerCase().startsWith(OCI_INDEX) === true;
}

async function byTag(place: Place, subject: Digest, run: Run): Promise<readonly Descriptor[]> {
  try {
    const { descriptor, bytes } = await getManifest(place, referrersTag(subject), run);
    return descriptor.mediaType === OCI_INDEX ? parseIndex(bytes, descriptor).manifests : [];
  } catch (error) {
    if (error instanceof ImageError && error.code === 'NOT_FOUND') return [];
    throw error;
  }
}

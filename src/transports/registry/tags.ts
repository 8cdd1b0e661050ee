/** The tags of a repository (distribution-spec, "Listing Tags"). @module */
import { ImageError } from '../../base/errors.ts';
import { asList, asString, child } from '../../formats/oci/shape.ts';
import { isTag } from '../../formats/reference/docker.ts';
import type { Run } from '../../ports/run.ts';
import { pages } from './links.ts';
import { type Place, placeName, pullScope } from './place.ts';

const PAGE = 1000;
/** Bytes of one page: not every registry keeps to the number of tags it is asked for. */
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_TAGS = 1_000_000;

/** Sorted by code unit. @throws ImageError NOT_FOUND, DENIED; INVALID for what is no list of tags */
export async function listTags(place: Place, run?: Run): Promise<readonly string[]> {
  const what = `listing the tags of ${placeName(place)}`;
  const found = new Set<string>();
  const get = (target: string) =>
    place.client.request(
      { method: 'GET', target, scopes: [pullScope(place)], expect: [200], whole: MOST_BYTES, doing: what },
      run,
    );
  for await (const page of pages(`/v2/${place.repository}/tags/list?n=${PAGE}`, what, get)) {
    const at = child({ what, field: '', value: await page.json(MOST_BYTES) }, 'tags');
    // Of an empty repository some give null.
    for (const tag of at.value === null ? [] : asList(at, asString)) {
      if (!isTag(tag))
        throw new ImageError(
          'INVALID',
          `${what}: the registry names ${JSON.stringify(tag.slice(0, 50))}, which is no tag`,
        );
      found.add(tag);
    }
    if (found.size > MOST_TAGS) throw new ImageError('LIMIT', `${what}: there are more than ${MOST_TAGS}`);
  }
  return [...found].sort();
}

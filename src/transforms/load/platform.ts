/** From what a reference names to the manifest of one platform. @module */
import { ImageError } from '../../base/errors.ts';
import { isIndexType, isManifestType } from '../../formats/oci/media-types.ts';
import { parseIndex } from '../../formats/oci/parse.ts';
import type { Descriptor, Platform } from '../../formats/oci/types.ts';
import { choosePlatform, formatPlatform, samePlatform } from '../../model/platform.ts';
import type { Source } from '../../ports/content-store.ts';
import type { Run } from '../../ports/run.ts';
import { readDocument } from '../../ports/verified.ts';

export interface PlatformChoice {
  /** Asked for: no other will do. */
  readonly wanted?: Platform | undefined;
  /** Where nothing is asked for: the best of what this runs, or the only one there is. */
  readonly machine: Platform;
}

/** Indexes inside indexes are rare, and deeper ones a trick. */
const MAX_DEPTH = 4;

/**
 * The descriptor of the manifest to be used; of a plain manifest, itself.
 * @throws ImageError NOT_FOUND where the platform is not offered; INVALID
 */
export async function resolvePlatform(
  source: Source,
  root: Descriptor,
  choice: PlatformChoice,
  run?: Run,
): Promise<Descriptor> {
  if (isManifestType(root.mediaType)) return root;
  const offered = await imagesOf(source, root, run);
  const platformOf = (one: Descriptor) => one.platform;
  const { wanted, machine } = choice;
  const found =
    wanted === undefined
      ? (choosePlatform(offered, platformOf, machine) ?? (offered.length === 1 ? offered[0] : undefined))
      : offered.find((one) => one.platform !== undefined && samePlatform(one.platform, wanted));
  if (found !== undefined) return found;
  const names = offered.map((one) => (one.platform === undefined ? one.digest : formatPlatform(one.platform)));
  throw new ImageError('NOT_FOUND', `${source.reference} has no image for ${formatPlatform(wanted ?? machine)}`, {
    hint: names.length === 0 ? 'its index is empty' : `it has ${names.join(', ')}: choose one with --platform`,
  });
}

/** Every image of an index, those of indexes in it included; attestations, which are no images, are left out. */
export async function imagesOf(source: Source, root: Descriptor, run?: Run): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = [];
  let level = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw new ImageError('INVALID', `${source.reference}: indexes are nested too deep`);
    const next: Descriptor[] = [];
    for (const one of level) {
      if (isManifestType(one.mediaType)) found.push(one);
      else if (isIndexType(one.mediaType)) {
        next.push(...parseIndex(await readDocument(source, one, run), one).manifests.filter(isImage));
      }
    }
    level = next;
  }
  return found;
}

/** BuildKit puts attestations beside images, with a platform that is none. */
function isImage(entry: Descriptor): boolean {
  return entry.platform?.os !== 'unknown' && entry.annotations?.['vnd.docker.reference.type'] === undefined;
}

/** The entries of an index: adding and removing, by platform and by digest. @module */
import { encodedOf } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import type { Descriptor, Platform } from '../../formats/oci/types.ts';
import { formatPlatform, samePlatform } from '../../model/platform.ts';

/** BuildKit puts attestations beside images, and says with this which image they speak of. */
const SPEAKS_OF = 'vnd.docker.reference.digest';

/** How an entry is called: by its platform, else by its digest. */
export function entryName({ platform, digest, artifactType }: Descriptor): string {
  if (platform !== undefined && platform.os !== 'unknown') return formatPlatform(platform);
  return artifactType === undefined ? digest : `${artifactType} ${digest}`;
}

/**
 * The entries with others behind them. One that is there already is not added again.
 * @param onClash for two images of one platform, of which programs that pull would see one alone: refuse, or let the new one
 *   take the place of the old
 * @param called how messages name an entry
 * @throws ImageError CONFLICT
 */
export function withEntries(
  before: readonly Descriptor[],
  added: readonly Descriptor[],
  onClash: 'refuse' | 'replace',
  called: (entry: Descriptor) => string = ({ digest }) => digest,
): readonly Descriptor[] {
  let entries = before;
  for (const entry of added) {
    if (entries.some(({ digest }) => digest === entry.digest)) continue;
    const clash = entries.find((one) => isSameImage(one, entry));
    if (clash !== undefined && onClash === 'refuse') {
      throw new ImageError(
        'CONFLICT',
        `two images are for ${entryName(entry)}: ${called(clash)} and ${called(entry)}`,
        {
          hint: 'an index has one for each platform: leave one out',
        },
      );
    }
    entries = clash === undefined ? [...entries, entry] : replaced(entries, clash, entry);
  }
  return entries;
}

function replaced(entries: readonly Descriptor[], old: Descriptor, entry: Descriptor): readonly Descriptor[] {
  return entries.map((one) => (one === old ? entry : one)).filter((one) => !speaksOf(one, old));
}

function isSameImage(a: Descriptor, b: Descriptor): boolean {
  if (a.platform === undefined || b.platform === undefined || a.platform.os === 'unknown') return false;
  return samePlatform(a.platform, b.platform) && a.platform['os.version'] === b.platform['os.version'];
}

function speaksOf({ annotations }: Descriptor, image: Descriptor): boolean {
  return annotations?.[SPEAKS_OF] === image.digest;
}

/** What is to be removed: a platform, or a digest or at least seven digits of one. */
export type Removal = { readonly platform: Platform } | { readonly digits: string };

/**
 * The entries without those, and without the attestations that speak of them.
 * @throws ImageError NOT_FOUND where nothing fits; USAGE where digits fit several
 */
export function withoutEntries(before: readonly Descriptor[], removals: readonly Removal[]): readonly Descriptor[] {
  const gone = new Set(removals.flatMap((removal) => fitting(before, removal)));
  return before.filter((entry) => !gone.has(entry) && ![...gone].some((one) => speaksOf(entry, one)));
}

function fitting(entries: readonly Descriptor[], removal: Removal): readonly Descriptor[] {
  const found = entries.filter(({ platform, digest }) => {
    if ('digits' in removal) return encodedOf(digest).startsWith(removal.digits);
    return platform !== undefined && samePlatform(platform, removal.platform);
  });
  const what = 'digits' in removal ? removal.digits : formatPlatform(removal.platform);
  if (found.length === 0) {
    throw new ImageError('NOT_FOUND', `the index has no ${what}`, {
      hint: `it has ${entries.map(entryName).join(', ')}`,
    });
  }
  if (found.length > 1 && 'digits' in removal) {
    throw new ImageError('USAGE', `${what} fits ${found.length} entries of the index: write more of the digest`);
  }
  return found;
}

/** `linux/arm64`, or the digest of an entry. */
export function parseRemoval(text: string, platformOf: (text: string) => Platform): Removal {
  const digits = text.replace(/^sha(?:256|512):/, '');
  if (/^[0-9a-f]{7,128}$/.test(digits)) return { digits };
  return { platform: platformOf(text) };
}

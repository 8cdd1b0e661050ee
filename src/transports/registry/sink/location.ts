/** How an upload's answers say where it is and how far it has come (distribution-spec 1.1, "Pushing a blob in chunks"). @module */
import type { Digest } from '../../../base/digest.ts';
import { ImageError } from '../../../base/errors.ts';
import type { RegistryResponse } from '../types.ts';

/** The place is opaque: its query stays as it is. */
export function withDigest(location: URL, digest: Digest): URL {
  const url = new URL(location);
  url.search += `${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`;
  return url;
}

export function locationOf({ headers, url }: RegistryResponse): URL | undefined {
  const { location } = headers;
  if (location === undefined) return undefined;
  const found = URL.parse(location, url.href);
  if (found !== null && /^https?:$/.test(found.protocol)) return found;
  throw new ImageError('INVALID', `${url.host}: the registry names a place to upload to that is none: ${location}`);
}

/** How many bytes were received, of `Range: 0-N`; undefined where that says nothing: `0-0` stands for one byte and for none. */
export function rangeEnd({ headers }: RegistryResponse): number | undefined {
  const end = /^(?:bytes=)?0-([1-9]\d{0,15})$/.exec(headers['range'] ?? '')?.[1];
  return end === undefined ? undefined : Number(end) + 1;
}

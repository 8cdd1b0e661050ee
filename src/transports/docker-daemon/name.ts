/** Images by the names that a daemon knows them by. @module */
import type { Digest } from '../../base/digest.ts';
import { familiarRepository, type NamedReference } from '../../formats/reference/docker.ts';

/** `redis:7`, `redis@sha256:…`, or an id. A tag beside a digest says nothing more. */
export function daemonName(image: NamedReference | Digest): string {
  if (typeof image === 'string') return image;
  const name = familiarRepository(image);
  return image.digest === undefined ? `${name}:${image.tag}` : `${name}@${image.digest}`;
}

/** By what cache mounts are told apart. @module */
import type { Mount } from '../../formats/dockerfile/types.ts';

type Written = Pick<Extract<Mount, { type: 'cache' }>, 'id' | 'uid' | 'gid' | 'mode'>;

/**
 * As in BuildKit, what begins with another owner, other permissions or other files is another cache under the same id.
 * @param space goes before it @param seed digest of the files that it begins with
 */
export function cacheIdOf({ id, uid, gid, mode }: Written, space: string | undefined, seed?: string): string {
  const beginning = uid === 0 && gid === 0 && mode === 0o755 ? [] : [`${uid}:${gid}`, mode.toString(8)];
  if (seed !== undefined) beginning.push(seed);
  const named = space ? `${space}/${id}` : id;
  return beginning.length === 0 ? named : `${named} (${beginning.join(' ')})`;
}

/** Whether {@link cacheIdOf} gave it to a cache of this name, however that begins. */
export function isCacheOf(id: string, name: string): boolean {
  return id === name || id.startsWith(`${name} (`);
}

/** One repository at one registry: the registry itself, or a mirror of it. @module */
import { ImageError } from '../../base/errors.ts';
import type { World } from '../../ports/registry-access.ts';
import type { Run } from '../../ports/run.ts';
import type { RegistryClient, RegistryRequest, RegistryResponse, Scope } from './types.ts';

export interface Place {
  readonly client: RegistryClient;
  /** As it is called there. */
  readonly repository: string;
  readonly world: Pick<World, 'sleep' | 'random'>;
}

/** For messages: `localhost:5000/library/redis`. */
export function placeName({ client, repository }: Place): string {
  return `${client.host}/${repository}`;
}

export function pullScope({ repository }: Place): Scope {
  return { repository, actions: ['pull'] };
}

/** A request below `/v2/REPOSITORY/`. */
export function ask(
  place: Place,
  request: Pick<RegistryRequest, 'headers' | 'expect' | 'whole' | 'doing'> & { method: 'GET' | 'HEAD'; path: string },
  run?: Run,
): Promise<RegistryResponse> {
  const { path, ...rest } = request;
  return place.client.request({ ...rest, target: `/v2/${place.repository}/${path}`, scopes: [pullScope(place)] }, run);
}

/**
 * What the first place gives; where it gives nothing, the next one. Mirrors are for convenience: whatever is wrong with one, the
 * registry itself has the last word.
 * @param places in order of preference
 */
export async function inTurn<T>(places: readonly Place[], run: Run, read: (place: Place) => Promise<T>): Promise<T> {
  for (const [i, place] of places.entries()) {
    try {
      return await read(place);
    } catch (error) {
      run.signal?.throwIfAborted();
      if (!(error instanceof ImageError) || i === places.length - 1) throw error;
      tellOfMirror(error, run);
    }
  }
  throw new Error('bug: no place to read from');
}

/** That a mirror does not have everything is nothing special; anything else somebody may want to mend. */
export function tellOfMirror(error: ImageError, run: Run): void {
  if (error.code !== 'NOT_FOUND') run.report?.({ type: 'warning', text: `a mirror failed: ${error.message}` });
}

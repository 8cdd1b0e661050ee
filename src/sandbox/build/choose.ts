/** Which snapshotters the machine allows. @module */
import { ImageError } from '../../base/errors.ts';
import type { Standing } from '../namespace.ts';
import { directorySnapshots } from './directories.ts';
import { erofsSnapshots } from './erofs.ts';
import { probeErofs } from './erofs-probe.ts';
import type { Hands } from './hands.ts';
import type { Helper } from './helper/client.ts';
import type { SnapshotKind, Snapshotter } from './snapshotter.ts';

export interface Choice {
  readonly who: Standing;
  readonly helper: Helper;
  /** Of snapshots. */
  readonly directory: string;
  readonly hands: Hands;
  /** What the user insists on; default the fastest that works. */
  readonly kind: SnapshotKind | undefined;
}

/**
 * The fastest first; the last one can hold every layer.
 * @throws ImageError UNAVAILABLE where the kind that the user insists on does not work here
 */
export async function snapshottersFor(choice: Choice): Promise<readonly [Snapshotter, ...Snapshotter[]]> {
  const { directory, hands, kind } = choice;
  const directories = directorySnapshots(directory, hands);
  if (kind === 'directories') return [directories];
  const obstacle = await obstacleToErofs(choice);
  if (obstacle === undefined) return [erofsSnapshots(directory), directories];
  if (kind === undefined) return [directories];
  throw new ImageError('UNAVAILABLE', `layers cannot be mounted as EROFS images from ${directory}: ${obstacle}`, {
    hint: 'without PARE_SNAPSHOTS=erofs they are unpacked instead',
  });
}

/** Why it cannot be done; undefined where it can. */
export async function obstacleToErofs({
  who,
  helper,
  directory,
}: Pick<Choice, 'who' | 'helper' | 'directory'>): Promise<string | undefined> {
  return who === 'root' ? probeErofs(helper, directory) : 'only root of the machine may do that';
}

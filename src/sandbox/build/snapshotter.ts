/**
 * How a layer is held on the disk so that an overlay can stand on it: a port with two implementations, `directories.ts` and `erofs.ts`. What
 * both owe is in `test/contract/snapshots.case.ts`.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import type { Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import type { MountRequest } from '../../system/linux.ts';

/** What an overlay is given as one of its lower directories. */
export type LowerLayer =
  /** @param path relative to the directory of snapshots */
  | { readonly kind: 'directory'; readonly path: string }
  /** To be mounted somewhere by a process that stands in the directory of snapshots. */
  | { readonly kind: 'image'; readonly mount: Omit<MountRequest, 'target'> };

export interface Snapshotter {
  readonly name: SnapshotKind;
  /**
   * Writes a layer into a place.
   * @param layer whiteouts are devices in it, and opaque directories are marked (`lower.ts`)
   * @param place name of an empty directory in that of snapshots
   * @returns bytes that it takes; undefined where this is no layer for it, and then nothing was written
   */
  write(layer: Tree, place: string, run: Run): Promise<number | undefined>;
  /** The layer in a place, also one that another process wrote; undefined where there is none, or one that cannot be used any more. */
  find(place: string): LowerLayer | undefined;
}

const KINDS = ['erofs', 'directories'] as const;
export type SnapshotKind = (typeof KINDS)[number];

/** What PARE_SNAPSHOTS says; undefined where it says nothing. @throws ImageError USAGE */
export function snapshotKindIn(env: Readonly<Record<string, string | undefined>>): SnapshotKind | undefined {
  const value = env['PARE_SNAPSHOTS'];
  if (value === undefined || value === '') return undefined;
  const kind = KINDS.find((one) => one === value);
  if (kind !== undefined) return kind;
  throw new ImageError('USAGE', `PARE_SNAPSHOTS is "${value}", and may be ${KINDS.join(' or ')}`);
}

/** Layers as directories: every file written to the disk. What a step leaves in its upper directory is such a layer, too. @module */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { unpackedSize } from '../../model/tree.ts';
import type { Hands } from './hands.ts';
import type { Snapshotter } from './snapshotter.ts';

/** Where in its place a layer lies. */
export const LAYER = 'fs';

/** @param directory of snapshots */
export function directorySnapshots(directory: string, hands: Hands): Snapshotter {
  return {
    name: 'directories',
    write: async (layer, place, run) => {
      const path = join(directory, place, LAYER);
      mkdirSync(path, { mode: 0o700 });
      await hands.write(layer, path, run);
      return unpackedSize(layer);
    },
    find: (place) => {
      const path = join(place, LAYER);
      return existsSync(join(directory, path)) ? { kind: 'directory', path } : undefined;
    },
  };
}

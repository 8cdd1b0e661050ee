/** Times no later than a given one, for images that are the same whenever they are built. @module */
import { type Recursion, runRecursion } from '../../base/recursion.ts';
import type { Change, Changeset, DirChange } from '../../model/changeset.ts';

/** @param latest seconds since the epoch */
export function clamped(changes: Changeset, latest: number): Changeset {
  const isLate = ({ mtime, mtimeNs }: { mtime: number; mtimeNs: number }) =>
    mtime > latest || (mtime === latest && mtimeNs > 0);

  const leafOf = (change: Exclude<Change, DirChange>): Change => {
    if (change.kind === 'whiteout' || change.kind === 'hardlink') return change;
    return isLate(change) ? { ...change, mtime: latest, mtimeNs: 0 } : change;
  };

  function* dirOf(dir: DirChange): Recursion<DirChange> {
    const inner: Change[] = [];
    for (const change of dir.changes) {
      inner.push(change.kind === 'dir-change' ? yield dirOf(change) : leafOf(change));
    }
    const info = dir.info !== undefined && isLate(dir.info) ? { ...dir.info, mtime: latest, mtimeNs: 0 } : dir.info;
    return { ...dir, info, changes: inner };
  }

  return { root: runRecursion(dirOf(changes.root)) };
}

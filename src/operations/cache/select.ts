/** What of the cache is meant, and what of it goes. @module */
import type { Kept, KeptKind } from '../../ports/kept.ts';

/** All of them have to hold; of the values of one any. */
export interface CacheFilter {
  readonly kinds?: readonly KeptKind[];
  /** First characters. */
  readonly ids?: readonly string[];
  /** Last used before: milliseconds since the epoch. */
  readonly until?: number;
  readonly inUse?: boolean;
}

export interface PruneSelection extends CacheFilter {
  /** Whatever is not in use. */
  readonly all?: boolean;
  /** Bytes that may stay; of what is meant, the longest unused goes first. */
  readonly keep?: number;
}

export function meant<K extends Kept>(kept: readonly K[], filter: CacheFilter): readonly K[] {
  const { kinds, ids, until, inUse } = filter;
  return kept.filter(
    (one) =>
      (kinds === undefined || kinds.includes(one.kind)) &&
      (ids === undefined || ids.some((id) => one.id.startsWith(id))) &&
      (until === undefined || one.used < until) &&
      (inUse === undefined || one.inUse === inUse),
  );
}

/** What goes, the longest unused first. Where nothing is said, what nothing can use any more. */
export function toRemove<K extends Kept>(kept: readonly K[], selection: PruneSelection): readonly K[] {
  const { all = false, keep, ...filter } = selection;
  const isSelective = all || keep !== undefined || Object.values(filter).some((value) => value !== undefined);
  const candidates = meant(kept, filter)
    .filter((one) => !one.inUse && (isSelective || one.stale))
    .toSorted((a, b) => a.used - b.used);
  if (keep === undefined) return candidates;
  // Blobs of images are no cache.
  let bytes = sum(kept.filter(({ kind, inUse }) => kind !== 'blob' || !inUse));
  return candidates.filter((one) => {
    if (bytes <= keep) return false;
    bytes -= one.bytes;
    return true;
  });
}

export function sum(kept: readonly Pick<Kept, 'bytes'>[]): number {
  return kept.reduce((total, { bytes }) => total + bytes, 0);
}

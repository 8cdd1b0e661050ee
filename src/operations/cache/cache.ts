/** What is kept beside the images: how much it is, and removing it. @module */
import type { Kept } from '../../ports/kept.ts';
import { stepDirectories } from '../../sandbox/build/runner.ts';
import { keptMounts, keptRoots, keptSnapshots } from '../../sandbox/kept.ts';
import { sandboxDirectories } from '../../sandbox/roots.ts';
import type { Access } from '../../sources.ts';
import { storeDirectory } from '../../store/directory.ts';
import { keptInStore } from '../../store/kept.ts';
import { openStore } from '../../store/session.ts';
import { type CacheFilter, meant, type PruneSelection, toRemove } from './select.ts';

export interface CacheUsage {
  readonly dir: string;
  readonly kept: readonly Kept[];
}

/** @throws ImageError */
export async function cacheUsage(filter: CacheFilter, access: Access): Promise<CacheUsage> {
  return withKept(access, async (dir, kept) => ({ dir, kept: meant(kept, filter) }));
}

export interface PrunedCache extends CacheUsage {
  readonly removed: readonly Kept[];
}

/**
 * Removes what is selected and nobody uses; safe while builds are running.
 * @returns what is left as well. @throws ImageError
 */
export async function pruneCache(
  selection: PruneSelection & { readonly dryRun?: boolean },
  access: Access,
): Promise<PrunedCache> {
  const { dryRun = false, ...rest } = selection;
  return withKept(access, async (dir, kept) => {
    const removed: Kept[] = [];
    for (const one of toRemove(kept, rest)) {
      access.run?.signal?.throwIfAborted();
      // Somebody may have begun to use it.
      if (dryRun || (await one.remove())) removed.push(one);
    }
    const gone = new Set(removed);
    return { dir, kept: kept.filter((one) => !gone.has(one)), removed };
  });
}

async function withKept<T>({ env, run }: Access, work: (dir: string, kept: readonly Kept[]) => Promise<T>): Promise<T> {
  const dir = storeDirectory(env);
  await using session = await openStore(dir, { create: false }, run);
  const { snapshots, caches } = stepDirectories(dir);
  const kept = [
    ...(await keptInStore(dir, session)),
    ...(await keptSnapshots(snapshots)),
    ...(await keptMounts(caches)),
    ...(await keptRoots(sandboxDirectories(dir))),
  ];
  return await work(`${dir}/cache`, kept);
}

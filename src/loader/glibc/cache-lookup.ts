/** Looking up ld.so.cache as the loader does: `search_cache` of glibc's dl-cache.c. @module */
import { type CacheEntry, compareLibraryNames } from '../cache-entry.ts';
import { acceptedFlags } from '../machine.ts';
import { acceptsLegacyBits } from './hwcaps.ts';
import type { Setting } from './process.ts';

/** The path that the cache has for a name: of the best active level, else the first that is for every CPU. */
export function lookUpCache(setting: Setting, name: string): string | undefined {
  const entries = setting.libraries ?? [];
  const { own, others } = acceptedFlags(setting.interpreter.target);
  let best: { readonly path: string; readonly rank: number } | undefined;
  for (let i = firstOf(entries, name); i < entries.length; i++) {
    const entry = entries[i] as CacheEntry;
    if (compareLibraryNames(name, entry.name) !== 0) break;
    if (entry.flags !== own && !others.includes(entry.flags)) continue;
    if (entry.level !== undefined) {
      const rank = setting.levels.indexOf(entry.level);
      if (rank >= 0 && fits(setting, entry) && (best === undefined || rank < best.rank)) {
        best = { path: entry.path, rank };
      }
      continue;
    }
    // Entries of levels stand first: one of them that was found decides.
    if (best !== undefined && best.rank >= 0) break;
    if (entry.hwcap !== undefined && !acceptsLegacyBits(setting, entry.hwcap)) continue;
    best = { path: entry.path, rank: -1 };
    if (entry.flags === own) break;
  }
  return best?.path;
}

/** Where the run of entries with this name begins, by binary search; the number of entries where there is none. */
function firstOf(entries: readonly CacheEntry[], name: string): number {
  let left = 0;
  let right = entries.length - 1;
  while (left <= right) {
    let middle = (left + right) >> 1;
    const order = compareLibraryNames(name, nameAt(entries, middle));
    if (order === 0) {
      while (middle > 0 && compareLibraryNames(name, nameAt(entries, middle - 1)) === 0) middle--;
      return middle;
    }
    // The table descends.
    if (order < 0) left = middle + 1;
    else right = middle - 1;
  }
  return entries.length;
}

function nameAt(entries: readonly CacheEntry[], index: number): string {
  return (entries[index] as CacheEntry).name;
}

/** x86: the ISA level that a cached file says it needs is one the CPU has. */
function fits({ levels }: Setting, { isaLevel = 0 }: CacheEntry): boolean {
  const best = /^x86-64-v(\d)$/.exec(levels[0] ?? '')?.[1];
  return best === undefined || isaLevel < Number(best);
}

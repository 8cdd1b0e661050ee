/**
 * A minimal ld.so.cache for libraries that the loader of the packed image would not find by itself: those the source has in
 * directories of ld.so.conf, and those that were moved. What is found in the usual places needs none.
 * @module
 */
import type { CacheEntry } from '../../loader/cache-file.ts';
import { readCacheFile, writeCacheFile } from '../../loader/cache-file.ts';
import { machineOf } from '../../loader/machine.ts';
import type { LoadResult } from '../../loader/types.ts';
import { nodeAt, type Tree } from '../../model/tree.ts';
import { readFileNode } from '../../ports/tree-files.ts';
import type { Load, Made, Reason } from '../../rules/closure/types.ts';
import type { Facts } from '../../rules/rule.ts';
import { textFile } from './made.ts';
import type { Plan } from './plan.ts';

const PATH = '/etc/ld.so.cache';

export interface CacheFacts {
  /** Of the source. */
  readonly facts: Facts;
  /** How programs and modules load in the source, and in the tree as it is without a cache. */
  readonly source: readonly Load[];
  readonly image: readonly Load[];
  readonly plan: Plan;
  readonly base: Tree | undefined;
}

/** The file to be made, or undefined where every library is found without. */
export async function libraryCache(given: CacheFacts): Promise<Made | undefined> {
  const places = imagePaths(given.plan);
  const image = new Map(given.image.map((load) => [load.path, load.result]));
  const entries = new Map<string, CacheEntry>();
  const reasons: Reason[] = [];
  let endian: 'little' | 'big' = 'little';
  for (const { path, program, result } of given.source) {
    const elf = await given.facts.elf(path);
    const machine = elf === undefined ? undefined : machineOf(elf);
    if (elf === undefined || machine === undefined || result.libc !== 'glibc' || !places.has(program)) continue;
    endian = elf.endian;
    for (const { name, to } of lost(result, image.get(places.get(path) ?? path), places)) {
      entries.set(`${name}\0${to}`, { name, path: to, flags: machine.cacheFlags });
      const because = `would not find ${name} without it, at ${to}`;
      reasons.push({ rule: 'loader', strength: 'required', because, from: path });
    }
  }
  if (entries.size === 0) return undefined;
  const all = [...(await baseEntries(given.base, endian)), ...entries.values()];
  return { path: PATH, node: textFile(writeCacheFile(all, endian)), strength: 'required', reasons };
}

/** By path in the source: where it is in the image; the place it was moved to, where it stands in both. */
function imagePaths({ placed }: Plan): Map<string, string> {
  const paths = new Map<string, string>();
  for (const { path, origin } of placed) if (!paths.has(origin) || path !== origin) paths.set(origin, path);
  return paths;
}

/** Libraries asked for by name that the image's loader does not find, or of which it finds another. */
function lost(source: LoadResult, image: LoadResult | undefined, places: ReadonlyMap<string, string>) {
  const found = new Map(image?.objects.map(({ name, realPath }) => [name, realPath]));
  return source.objects
    .filter(({ name, via }) => !name.includes('/') && via !== 'interpreter' && via !== 'program')
    .filter(({ name, realPath }) => found.get(name) !== (places.get(realPath) ?? realPath))
    .flatMap(({ name, path, realPath }) => {
      const to = places.get(path) ?? places.get(realPath) ?? path;
      return places.has(realPath) ? [{ name, to }] : [];
    });
}

async function baseEntries(base: Tree | undefined, endian: 'little' | 'big'): Promise<readonly CacheEntry[]> {
  const node = base === undefined ? undefined : nodeAt(base, PATH);
  return node?.kind === 'file' ? (readCacheFile(await readFileNode(node), endian) ?? []) : [];
}

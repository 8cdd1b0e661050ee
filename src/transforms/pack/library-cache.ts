/**
 * A minimal ld.so.cache for libraries that the loader of the packed image would not find by itself: those the source has in
 * directories of ld.so.conf, and those that were moved. What is found in the usual places needs none.
 * @module
 */
import { basename } from '../../base/path.ts';
import { type CacheEntry, readCacheFile, writeCacheFile } from '../../loader/cache-file.ts';
import { machineOf } from '../../loader/machine.ts';
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
  const wanted = [...lostLibraries(given), ...(await addedLibraries(given))];
  const entries = new Map<string, CacheEntry>();
  const reasons: Reason[] = [];
  let endian: 'little' | 'big' = 'little';
  for (const { name, to, by } of wanted) {
    const elf = await given.facts.elf(by);
    const machine = elf === undefined ? undefined : machineOf(elf);
    if (elf === undefined || machine === undefined) continue;
    endian = elf.endian;
    entries.set(`${name}\0${to}`, { name, path: to, flags: machine.cacheFlags });
    reasons.push({ rule: 'loader', strength: 'required', because: `finds ${name} by it, at ${to}`, from: by });
  }
  if (entries.size === 0) return undefined;
  const all = [...(await baseEntries(given.base, endian)), ...entries.values()];
  return { path: PATH, node: textFile(writeCacheFile(all, endian)), strength: 'required', reasons };
}

interface Wanted {
  /** The name it is asked for by. */
  readonly name: string;
  /** Where it is in the image. */
  readonly to: string;
  /** Path, as the closure knows it, of the program or module that is loaded. */
  readonly by: string;
}

/** Libraries that the source's loader finds, and the image's does not, or finds another of that name. */
function lostLibraries({ source, image, plan }: CacheFacts): Wanted[] {
  const places = imagePaths(plan);
  const results = new Map(image.map((load) => [load.path, load.result]));
  return source
    .filter(({ result, program }) => result.libc === 'glibc' && places.has(program))
    .flatMap(({ path: by, result }) => {
      const found = new Map(results.get(places.get(by) ?? by)?.objects.map(({ name, realPath }) => [name, realPath]));
      return result.objects
        .filter(({ name, via }) => !name.includes('/') && via !== 'interpreter' && via !== 'program')
        .flatMap(({ name, path, realPath }) => {
          const place = places.get(realPath);
          if (place === undefined || place === found.get(name)) return [];
          return [{ name, to: place === realPath ? path : place, by }];
        });
    });
}

/** Libraries that the source's loader does not find either, and that the user adds. */
async function addedLibraries({ facts, source, image, plan }: CacheFacts): Promise<Wanted[]> {
  const names = new Set(image.flatMap(({ result }) => result.missing.map(({ name }) => name)));
  if (names.size === 0) return [];
  const added = new Map<string, string>();
  for (const { path, kept } of plan.placed) {
    if (!kept.reasons.some(({ rule }) => rule === 'add')) continue;
    const soname = (await facts.elf(kept.path))?.dynamic?.soname;
    for (const name of [basename(path), soname]) if (name !== undefined && !added.has(name)) added.set(name, path);
  }
  return source
    .filter(({ result }) => result.libc === 'glibc')
    .flatMap(({ path: by, result }) => result.missing.map(({ name }) => ({ name, by, to: added.get(name) })))
    .filter((one): one is Wanted => one.to !== undefined && names.has(one.name));
}

/** By path as the closure knows it: where it is in the image; the place it was moved to, where it stands in both. */
function imagePaths({ placed }: Plan): Map<string, string> {
  const paths = new Map<string, string>();
  for (const { path, kept } of placed) if (!paths.has(kept.path) || path !== kept.path) paths.set(kept.path, path);
  return paths;
}

async function baseEntries(base: Tree | undefined, endian: 'little' | 'big'): Promise<readonly CacheEntry[]> {
  const node = base === undefined ? undefined : nodeAt(base, PATH);
  return node?.kind === 'file' ? (readCacheFile(await readFileNode(node), endian) ?? []) : [];
}

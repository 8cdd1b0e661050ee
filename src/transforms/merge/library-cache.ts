/**
 * ld.so.cache of the merged tree: what ldconfig(8) wrote into the images', less what is not there any more. Directories of
 * libraries are joined, so their caches joined are what it would write now.
 * @module
 */

import type { Platform } from '../../formats/oci/types.ts';
import { type CacheEntry, readCacheFile, writeCacheFile } from '../../loader/cache-file.ts';
import { bytesContent } from '../../model/content.ts';
import { TreeEditor } from '../../model/editor.ts';
import { lookup } from '../../model/resolve.ts';
import { nodeAt, type Tree } from '../../model/tree.ts';
import { readFileNode } from '../../ports/tree-files.ts';
import type { JoinFacts } from './join.ts';
import { LIBRARY_CACHE } from './joiners/table.ts';
import type { Choose, Conflict } from './types.ts';

/** Names in Go's GOARCH of machines that keep the most significant byte first. */
const BIG_ENDIAN: ReadonlySet<string> = new Set([
  's390x',
  'ppc64',
  'ppc',
  'mips',
  'mips64',
  'sparc64',
  'armbe',
  'arm64be',
]);

export interface CacheRules {
  readonly platform: Platform;
  readonly facts: JoinFacts;
  readonly choose: Choose;
}

export interface Cached {
  readonly tree: Tree;
  readonly conflicts: readonly Conflict[];
}

/**
 * The tree as it is where fewer than two images have a cache, or all have the same; and where one of them cannot be read, which is a
 * conflict unless an image is preferred.
 */
export async function withLibraryCache(tree: Tree, trees: readonly Tree[], rules: CacheRules): Promise<Cached> {
  const asItIs = { tree, conflicts: [] };
  const there = nodeAt(tree, LIBRARY_CACHE);
  const caches = trees.flatMap((one, image) => {
    const node = nodeAt(one, LIBRARY_CACHE);
    return node?.kind === 'file' ? [{ image, node }] : [];
  });
  const [first, ...others] = caches;
  if (there?.kind !== 'file' || first === undefined) return asItIs;
  if (others.every(({ node }) => rules.facts.same(first.node.content, node.content))) return asItIs;
  const endian = BIG_ENDIAN.has(rules.platform.architecture) ? 'big' : 'little';
  const entries: CacheEntry[] = [];
  for (const { image, node } of caches) {
    const read = readCacheFile(await readFileNode(node), endian);
    if (read !== undefined) entries.push(...read.filter(({ path }) => lookup(tree, path)?.kind === 'file'));
    else if (
      rules.choose(
        LIBRARY_CACHE,
        caches.map((one) => one.image),
      ) !== undefined
    )
      return asItIs;
    else return { tree, conflicts: [unreadable(image)] };
  }
  const editor = new TreeEditor(tree);
  const content = bytesContent(writeCacheFile(distinct(entries), endian));
  editor.put(LIBRARY_CACHE, { ...there, link: undefined, content });
  return { tree: editor.done(), conflicts: [] };
}

/** Each once, in order of first mention: of two that differ in their paths alone the loader takes the first. */
function distinct(entries: readonly CacheEntry[]): CacheEntry[] {
  const key = ({ name, path, flags, level, hwcap }: CacheEntry) =>
    [name, path, flags, level ?? '', hwcap ?? ''].join('\0');
  return [...new Map(entries.toReversed().map((entry) => [key(entry), entry])).values()].toReversed();
}

function unreadable(image: number): Conflict {
  return {
    where: LIBRARY_CACHE,
    what: ['content'],
    sides: [{ images: [image + 1], has: 'no cache that a loader of this platform reads' }],
    because: 'what is in it cannot be joined with the others',
  };
}

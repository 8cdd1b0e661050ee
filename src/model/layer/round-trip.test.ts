import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changePlans, planChangeset, trees } from '../../../test/arbitraries.ts';
import { collect, memoryBlob } from '../../../test/bytes.ts';
import { dirname } from '../../base/path.ts';
import { anchor } from '../anchor.ts';
import { apply } from '../apply.ts';
import type { Changeset } from '../changeset.ts';
import { differencesInBytes } from '../difference.ts';
import { EMPTY_TREE, type Tree, walk } from '../tree.ts';
import type { LayerEntry } from './entry.ts';
import { LayerStream, readLayer } from './read.ts';
import { layerSize, type WriteLayerOptions, writeLayer } from './write.ts';

/** Written, measured, and read both ways. */
async function through(layer: Tree | Changeset, options: WriteLayerOptions = {}): Promise<readonly LayerEntry[]> {
  const bytes = await collect(writeLayer(layer, options));
  expect(bytes.length).toBe(layerSize(layer, options));
  const blob = memoryBlob(bytes);
  const entries = await Array.fromAsync(readLayer(blob, bytes.length));
  const stream = new LayerStream(blob);
  const streamed: LayerEntry[] = [];
  for (let at = 0; at < bytes.length; at += 1000) streamed.push(...stream.push(bytes.subarray(at, at + 1000)));
  stream.end();
  expect(streamed).toEqual(entries);
  return entries;
}

/** No file system has them, and readers refuse them. */
function hasEmptySymlink(...all: readonly Tree[]): boolean {
  return all.some((tree) => [...walk(tree)].some(({ node }) => node.kind === 'symlink' && node.target === ''));
}

/** Says of an entry that it cannot be unpacked without the layers below: its directory or its link's target is missing. */
function needsMore(entries: readonly LayerEntry[]): (entry: LayerEntry) => boolean {
  const dirs = new Set(entries.filter(({ kind }) => kind === 'node').map(({ path }) => path)).add('/');
  return (entry) => {
    const dir = entry.kind === 'opaque' ? entry.path : dirname(entry.path);
    return !dirs.has(dir) || (entry.kind === 'hardlink' && !dirs.has(`/${entry.target}`));
  };
}

describe('what is written reads back', () => {
  it('as the same tree', async () => {
    await fc.assert(
      fc.asyncProperty(trees, async (tree) => {
        fc.pre(!hasEmptySymlink(tree));
        const read = apply(EMPTY_TREE, anchor(EMPTY_TREE, await through(tree)));
        expect(await Array.fromAsync(differencesInBytes(tree, read))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('as a changeset that does the same to the tree it is for', async () => {
    await fc.assert(
      fc.asyncProperty(trees, changePlans, async (below, plan) => {
        const changes = planChangeset(plan, below);
        const wanted = apply(below, changes);
        fc.pre(!hasEmptySymlink(below, wanted));
        const entries = await through(changes, { below });
        expect(entries.filter(needsMore(entries))).toEqual([]);
        const read = apply(below, anchor(below, entries));
        expect(await Array.fromAsync(differencesInBytes(wanted, read))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

/** Walking several trees at once. @module */
import type { Dir, Tree } from '../../model/tree.ts';
import type { Present } from './types.ts';

/** The children of directories by name, sorted by code unit, and which images have them. */
export function childrenOf(dirs: readonly Present<Dir>[]): [name: string, present: Present[]][] {
  const found = new Map<string, Present[]>();
  for (const { image, node: dir } of dirs) {
    dir.names.forEach((name, i) => {
      const present = { image, node: dir.nodes[i] as Present['node'] };
      const known = found.get(name);
      if (known === undefined) found.set(name, [present]);
      else known.push(present);
    });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * Every path that more than one tree has, the root left out, parents before children. What lies below directories that are
 * one object is left out: it is the same.
 */
export function* sharedPaths(trees: readonly Tree[]): Generator<{ path: string; present: readonly Present[] }> {
  const open = [{ path: '', dirs: trees.map((tree, image): Present<Dir> => ({ image, node: tree.root })) }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const inner: typeof open = [];
    for (const [name, present] of childrenOf(at.dirs)) {
      if (present.length < 2 || areOne(present)) continue;
      const path = `${at.path}/${name}`;
      yield { path, present };
      const dirs = present.filter((one): one is Present<Dir> => one.node.kind === 'dir');
      if (dirs.length > 1) inner.push({ path, dirs });
    }
    open.push(...inner.reverse());
  }
}

/** Whether all images have the same object. */
export function areOne(present: readonly Present[]): boolean {
  return present.every(({ node }) => node === present[0]?.node);
}

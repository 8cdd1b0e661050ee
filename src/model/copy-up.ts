/**
 * A layer that stands by itself: what an overlay does when a file below gains a name.
 * @module
 */
import { type Changeset, changeAt, changesetOf, hardlinksIn, walkChanges } from './changeset.ts';
import { compose } from './compose.ts';
import { type Leaf, type LinkToken, withLink } from './node.ts';
import { nodeAt, type Tree, walk } from './tree.ts';

/** An inode of the tree below: its token, or the only path it has. */
type Inode = LinkToken | string;

/**
 * The changeset that does the same and holds no link to the tree below: a file that gains a name there is written again, under
 * all names that it goes on having. Docker and containers/storage unpack each layer into a directory of its own, where a
 * link to a file of the layers below leads nowhere.
 * @param below the tree that the changeset is made for
 */
export function copyUp(changes: Changeset, below: Tree): Changeset {
  const inodes = new Map<Inode, Leaf>();
  for (const { target } of hardlinksIn(changes)) {
    const { inode, leaf } = fileAt(below, target);
    if (!inodes.has(inode)) inodes.set(inode, withLink(leaf, { link: true }));
  }
  if (inodes.size === 0) return changes;
  return compose(changes, changesetOf(namesOf(inodes, changes, below)));
}

function* namesOf(
  inodes: ReadonlyMap<Inode, Leaf>,
  changes: Changeset,
  below: Tree,
): Generator<readonly [path: string, leaf: Leaf]> {
  for (const { path, change } of walkChanges(changes)) {
    const leaf = change.kind === 'hardlink' ? inodes.get(fileAt(below, change.target).inode) : undefined;
    if (leaf !== undefined) yield [path, leaf];
  }
  for (const { path, node } of walk(below)) {
    const leaf = node.kind === 'dir' ? undefined : inodes.get(node.link ?? path);
    if (leaf !== undefined && changeAt(changes, path) === 'below') yield [path, leaf];
  }
}

function fileAt(below: Tree, path: string): { readonly inode: Inode; readonly leaf: Leaf } {
  const node = nodeAt(below, path);
  if (node === undefined || node.kind === 'dir') throw new Error(`bug: the tree below has no file at ${path}`);
  return { inode: node.link ?? path, leaf: node };
}

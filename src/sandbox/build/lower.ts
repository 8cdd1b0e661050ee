/**
 * A layer as overlayfs wants it in a directory of its own: what the changeset says, with whiteouts as devices and opaque
 * directories marked.
 * @module
 */
import { type Recursion, runRecursion } from '../../base/recursion.ts';
import type { Change, Changeset, DirChange } from '../../model/changeset.ts';
import { childOf } from '../../model/children.ts';
import { copyUp } from '../../model/copy-up.ts';
import { type Dir, type DirInfo, IMPLICIT_DIR, type Leaf, type Node } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';
import { markedOpaque, type OverlayForm, WHITEOUT_DEVICE, withoutMarks } from './form.ts';

/**
 * @param below the tree that the changeset is made for: files that gain a name come from it, and so do the attributes of directories
 * that only lead to changes, since an overlay shows those of the uppermost
 */
export function overlayLayer(changes: Changeset, below: Tree, form: OverlayForm): Tree {
  return { root: runRecursion(layerDir(copyUp(changes, below).root, below.root, form)) };
}

/** Nothing but the root directory, as it stands in the tree: an upper directory to begin with. */
export function emptyLayer({ root }: Tree): Tree {
  return { root: directory(root, { ...root, meta: withoutMarks(root.meta) }, [], []) };
}

function* layerDir(change: DirChange, lower: Node | undefined, form: OverlayForm): Recursion<Dir> {
  const lowerDir = lower?.kind === 'dir' ? lower : undefined;
  const visible = change.opaque ? undefined : lowerDir;
  const names: string[] = [];
  const nodes: Node[] = [];
  for (const [i, name] of change.names.entries()) {
    const inner = change.changes[i] as Change;
    const below = visible && childOf(visible, name);
    const node = inner.kind === 'dir-change' ? yield layerDir(inner, below, form) : leafFor(inner, below, form);
    if (node === undefined) continue;
    names.push(name);
    nodes.push(node);
  }
  const info = change.info ?? lowerDir ?? IMPLICIT_DIR;
  const meta = withoutMarks(info.meta);
  const marked = change.opaque ? markedOpaque(meta, form) : meta;
  return directory(info, { meta: marked }, names, nodes);
}

function leafFor(change: Exclude<Change, DirChange>, below: Node | undefined, form: OverlayForm): Leaf | undefined {
  switch (change.kind) {
    case 'whiteout':
      return below && WHITEOUT_DEVICE;
    case 'hardlink':
      throw new Error(`bug: a link to ${change.target}, which is below, is left`);
    case 'char':
    case 'block': {
      // A device that cannot be made hides what it replaces all the same. And 0:0 means something else here.
      const isMarked = change.kind === 'char' && change.major === 0 && change.minor === 0;
      if (!form.devices || isMarked) return below && WHITEOUT_DEVICE;
      return unmarked(change);
    }
    default:
      return unmarked(change);
  }
}

function unmarked<L extends Leaf>(leaf: L): L {
  return leaf.meta.xattrs === undefined ? leaf : { ...leaf, meta: withoutMarks(leaf.meta) };
}

function directory(
  { mtime, mtimeNs }: Pick<DirInfo, 'mtime' | 'mtimeNs'>,
  { meta }: Pick<DirInfo, 'meta'>,
  names: readonly string[],
  nodes: readonly Node[],
): Dir {
  return { kind: 'dir', meta, mtime, mtimeNs, names, nodes };
}

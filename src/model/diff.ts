/**
 * What a layer has to do to make one tree of another.
 * @module
 */
import { type Recursion, runRecursion } from '../base/recursion.ts';
import { type Change, type Changeset, type DirChange, EMPTY_CHANGESET, WHITEOUT } from './changeset.ts';
import { pairedChildren } from './children.ts';
import { matchInodes } from './diff-links.ts';
import { type Dir, type Leaf, type Node, sameInfo, sameLeaf } from './node.ts';
import { infoOf, type Tree } from './tree.ts';

/**
 * The changeset for which `apply(before, diff(before, after))` is `after`. Contents are compared as references: a file whose
 * bytes lie elsewhere counts as changed. Files that stay are left out, and a name that a staying file gets is a link to what
 * is below.
 */
export function diff(before: Tree, after: Tree): Changeset {
  const linked = matchInodes(before, after);
  const leafChange = (lower: Node | undefined, leaf: Leaf, path: string): Change | undefined => {
    const isSingle =
      leaf.link === undefined && (lower === undefined || lower.kind === 'dir' || lower.link === undefined);
    if (!isSingle) return linked(leaf, path);
    return lower !== undefined && lower.kind !== 'dir' && sameLeaf(lower, leaf) ? undefined : leaf;
  };
  const root = runRecursion(diffDir(before.root, after.root, '/', leafChange));
  return root === undefined ? EMPTY_CHANGESET : { root };
}

/** Undefined where nothing changes. */
function* diffDir(
  before: Dir | undefined,
  after: Dir,
  prefix: string,
  leafChange: (lower: Node | undefined, leaf: Leaf, path: string) => Change | undefined,
): Recursion<DirChange | undefined> {
  if (before === after) return undefined;
  const names: string[] = [];
  const changes: Change[] = [];
  for (const { name, a: lower, b: upper } of pairedChildren(before, after)) {
    let change: Change | undefined;
    if (upper === undefined) change = WHITEOUT;
    else if (upper.kind !== 'dir') change = leafChange(lower, upper, prefix + name);
    else change = yield diffDir(lower?.kind === 'dir' ? lower : undefined, upper, `${prefix}${name}/`, leafChange);
    if (change === undefined) continue;
    names.push(name);
    changes.push(change);
  }
  const info = before !== undefined && sameInfo(before, after) ? undefined : infoOf(after);
  return info === undefined && names.length === 0
    ? undefined
    : { kind: 'dir-change', info, opaque: false, names, changes };
}

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
  const leafChange = (lower: Node | undefined, leaf: Leaf | undefined, path: string): Change | undefined => {
    if (leaf === undefined) return WHITEOUT;
    const old = lower?.kind === 'dir' ? undefined : lower;
    if (leaf.link !== undefined || old?.link !== undefined) return linked(leaf, path);
    return old !== undefined && sameLeaf(old, leaf) ? undefined : leaf;
  };
  const root = runRecursion(diffDir(before.root, after.root, '/', leafChange));
  return root === undefined ? EMPTY_CHANGESET : { root };
}

/** Undefined where nothing changes. */
function* diffDir(
  before: Node | undefined,
  after: Dir,
  prefix: string,
  leafChange: (lower: Node | undefined, leaf: Leaf | undefined, path: string) => Change | undefined,
): Recursion<DirChange | undefined> {
  if (before === after) return undefined;
  const names: string[] = [];
  const changes: Change[] = [];
  for (const { name, a: lower, b: upper } of pairedChildren(before, after)) {
    const path = prefix + name;
    const change =
      upper?.kind === 'dir' ? yield diffDir(lower, upper, `${path}/`, leafChange) : leafChange(lower, upper, path);
    if (change === undefined) continue;
    names.push(name);
    changes.push(change);
  }
  const isDescribed = before?.kind === 'dir' && sameInfo(before, after);
  if (isDescribed && names.length === 0) return undefined;
  return { kind: 'dir-change', info: isDescribed ? undefined : infoOf(after), opaque: false, names, changes };
}

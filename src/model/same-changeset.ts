/** Equality of changesets. @module */
import type { Change, Changeset } from './changeset.ts';
import { type LinkToken, sameInfo, sameLeaf } from './node.ts';

/** Whether two changesets are the same value: the same changes at the same paths, the same hard links among them. */
export function sameChangeset(a: Changeset, b: Changeset): boolean {
  const firstA = firstNames();
  const firstB = firstNames();
  const open: [Change, Change][] = [[a.root, b.root]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [left, right] = pair;
    if (!sameChange(left, right) || firstA(left) !== firstB(right)) return false;
    if (left.kind !== 'dir-change' || right.kind !== 'dir-change') continue;
    if (left.names.length !== right.names.length || left.names.some((name, i) => name !== right.names[i])) return false;
    left.changes.forEach((change, i) => {
      open.push([change, right.changes[i] as Change]);
    });
  }
  return true;
}

function sameChange(a: Change, b: Change): boolean {
  switch (a.kind) {
    case 'whiteout':
      return b.kind === 'whiteout';
    case 'hardlink':
      return b.kind === 'hardlink' && a.target === b.target;
    case 'dir-change':
      return b.kind === 'dir-change' && a.opaque === b.opaque && sameOptional(a.info, b.info, sameInfo);
    default:
      return b.kind !== 'whiteout' && b.kind !== 'hardlink' && b.kind !== 'dir-change' && sameLeaf(a, b);
  }
}

function sameOptional<T>(a: T | undefined, b: T | undefined, same: (a: T, b: T) => boolean): boolean {
  return a === undefined || b === undefined ? a === b : same(a, b);
}

/** Asked for each change in one order, says as how many changes before the inode of this one was met first. */
function firstNames(): (change: Change) => number {
  const first = new Map<LinkToken, number>();
  let count = 0;
  return (change) => {
    const ordinal = count++;
    const token = 'link' in change ? change.link : undefined;
    if (token === undefined) return ordinal;
    const found = first.get(token);
    if (found === undefined) first.set(token, ordinal);
    return found ?? ordinal;
  };
}

/** Equality of changesets. @module */
import { type Change, type ChangeEntry, type Changeset, walkChanges } from './changeset.ts';
import { type LinkToken, sameInfo, sameLeaf } from './node.ts';

/** Whether two changesets are the same value: the same changes at the same paths, the same hard links among them. */
export function sameChangeset(a: Changeset, b: Changeset): boolean {
  const left = [...walkChanges(a)];
  const right = [...walkChanges(b)];
  if (left.length !== right.length) return false;
  const firstLeft = firstNames(left);
  const firstRight = firstNames(right);
  return left.every((one, i) => {
    const other = right[i] as ChangeEntry;
    return one.path === other.path && sameChange(one.change, other.change) && firstLeft(one) === firstRight(other);
  });
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

/** The first path of the inode that a change makes, or its own. */
function firstNames(entries: readonly ChangeEntry[]): (entry: ChangeEntry) => string {
  const first = new Map<LinkToken, string>();
  const tokenOf = ({ change }: ChangeEntry) => ('link' in change ? change.link : undefined);
  for (const entry of entries) {
    const token = tokenOf(entry);
    if (token !== undefined && !first.has(token)) first.set(token, entry.path);
  }
  return (entry) => first.get(tokenOf(entry) ?? { link: true }) ?? entry.path;
}

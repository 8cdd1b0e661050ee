/** What a composed changeset need not say of the tree that it will lie on. @module */
import { type Recursion, runRecursion } from '../../base/recursion.ts';
import { type Change, type Changeset, type DirChange, EMPTY_CHANGESET } from '../../model/changeset.ts';
import { childOf } from '../../model/children.ts';
import type { Node } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';

/** The changeset that does the same to this tree, without removals of what is not there: layers made and removed them. */
export function pruned(changes: Changeset, below: Tree): Changeset {
  const root = runRecursion(prunedDir(changes.root, below.root));
  return root === undefined ? EMPTY_CHANGESET : { root };
}

/** Undefined where nothing is left to say. */
function* prunedDir(change: DirChange, lower: Node | undefined): Recursion<DirChange | undefined> {
  const isThere = lower?.kind === 'dir';
  const opaque = change.opaque && isThere && lower.names.length > 0;
  const visible = isThere && !change.opaque ? lower : undefined;
  const names: string[] = [];
  const changes: Change[] = [];
  for (const [i, name] of change.names.entries()) {
    const inner = change.changes[i] as Change;
    const child = visible && childOf(visible, name);
    const kept = inner.kind === 'dir-change' ? yield prunedDir(inner, child) : said(inner, child);
    if (kept === undefined) continue;
    names.push(name);
    changes.push(kept);
  }
  if (isThere && change.info === undefined && !opaque && names.length === 0) return undefined;
  return { kind: 'dir-change', info: change.info, opaque, names, changes };
}

function said(change: Exclude<Change, DirChange>, lower: Node | undefined): Change | undefined {
  return change.kind === 'whiteout' && lower === undefined ? undefined : change;
}

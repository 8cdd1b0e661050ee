/** What a copy would only repeat, and a layer need not hold: BuildKit's layers do not either. @module */
import { type Recursion, runRecursion } from '../../../base/recursion.ts';
import type { Change, Changeset, DirChange } from '../../../model/changeset.ts';
import { EMPTY_CHANGESET } from '../../../model/changeset.ts';
import { childOf } from '../../../model/children.ts';
import { type Dir, type FileNode, type Node, sameInfo, sameMeta } from '../../../model/node.ts';
import type { Tree } from '../../../model/tree.ts';

/** Whether two files of one size hold the same bytes. */
export type SameBytes = (a: FileNode, b: FileNode) => Promise<boolean>;

/**
 * The changes without files that stand there already, their times included, and without directories of which nothing is new but
 * the time.
 */
export async function withoutRepetition(changes: Changeset, below: Tree, same: SameBytes): Promise<Changeset> {
  const repeated = new Set<Change>();
  for (const [file, standing] of candidatesIn(changes.root, below.root)) {
    if (await same(file, standing)) repeated.add(file);
  }
  const root = runRecursion(pruned(changes.root, below.root, repeated));
  return root === undefined ? EMPTY_CHANGESET : { root };
}

function* candidatesIn(root: DirChange, below: Dir): Generator<readonly [file: FileNode, standing: FileNode]> {
  const open: [DirChange, Dir][] = [[root, below]];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const [dir, standing] = at;
    for (const [i, change] of dir.changes.entries()) {
      const node = childOf(standing, dir.names[i] as string);
      if (change.kind === 'dir-change') {
        if (node?.kind === 'dir' && !change.opaque) open.push([change, node]);
      } else if (change.kind === 'file' && looksSame(change, node)) yield [change, node];
    }
  }
}

function looksSame(file: FileNode, standing: Node | undefined): standing is FileNode {
  if (standing?.kind !== 'file' || file.link !== undefined || standing.link !== undefined) return false;
  return sameInfo(file, standing) && file.content.size === standing.content.size;
}

/** Undefined where nothing is left. */
function* pruned(dir: DirChange, standing: Dir, repeated: ReadonlySet<Change>): Recursion<DirChange | undefined> {
  const names: string[] = [];
  const changes: Change[] = [];
  for (const [i, change] of dir.changes.entries()) {
    const name = dir.names[i] as string;
    const below = childOf(standing, name);
    const inner =
      change.kind === 'dir-change' && below?.kind === 'dir' && !change.opaque
        ? yield pruned(change, below, repeated)
        : repeated.has(change)
          ? undefined
          : change;
    if (inner === undefined) continue;
    names.push(name);
    changes.push(inner);
  }
  const saysNothing = dir.info === undefined || sameMeta(dir.info.meta, standing.meta);
  return names.length === 0 && saysNothing ? undefined : { ...dir, names, changes };
}

/** What a layer does, while its entries are still being read. @module */
import { type Recursion, runRecursion } from '../../base/recursion.ts';
import type { Change, Changeset, DirChange, Whiteout } from '../changeset.ts';
import { sortedKeys } from '../children.ts';
import { type DirInfo, type Leaf, type LinkToken, withLink } from '../node.ts';

export type Draft = Leaf | Inode | DirDraft | Whiteout;

/** As {@link DirChange}, and open for more. */
export interface DirDraft {
  readonly kind: 'dir-draft';
  info: DirInfo | undefined;
  opaque: boolean;
  readonly children: Map<string, Draft>;
}

/** A file that the layer gives a second name. */
export interface Inode {
  readonly kind: 'inode';
  leaf: Leaf;
  /** Physical path in the tree below of a file that the layer did not make. */
  readonly below: string | undefined;
  /** Whether the layer made the file, or has changed it. */
  own: boolean;
  readonly link: LinkToken;
}

export function dirDraft(info: DirInfo | undefined, opaque: boolean): DirDraft {
  return { kind: 'dir-draft', info, opaque, children: new Map() };
}

export function seal(root: DirDraft): Changeset {
  return { root: runRecursion(sealDir(root)) };
}

function* sealDir(draft: DirDraft): Recursion<DirChange> {
  const names = sortedKeys(draft.children);
  const changes = new Array<Change>(names.length);
  for (let i = 0; i < names.length; i++) {
    const child = draft.children.get(names[i] as string) as Draft;
    if (child.kind === 'dir-draft') changes[i] = yield sealDir(child);
    else changes[i] = child.kind === 'inode' ? sealInode(child) : child;
  }
  return { kind: 'dir-change', info: draft.info, opaque: draft.opaque, names, changes };
}

function sealInode({ leaf, below, own, link }: Inode): Change {
  return own || below === undefined ? withLink(leaf, link) : { kind: 'hardlink', target: below };
}

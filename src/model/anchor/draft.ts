/** What a layer does, while its entries are still being read. @module */
import { type Recursion, runRecursion } from '../../base/recursion.ts';
import type { Change, Changeset, DirChange, Whiteout } from '../changeset.ts';
import { type DirInfo, type Leaf, type LinkToken, withLink } from '../node.ts';
import { NamesMap } from './names-map.ts';

export type Draft = Leaf | Inode | DirDraft | Whiteout;

/** As {@link DirChange}, and open for more. */
export interface DirDraft {
  readonly kind: 'dir-draft';
  info: DirInfo | undefined;
  opaque: boolean;
  readonly children: NamesMap<Draft>;
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
  return { kind: 'dir-draft', info, opaque, children: new NamesMap() };
}

/** What the drafts come to; they must not be used any more. */
export function seal(root: DirDraft): Changeset {
  return { root: runRecursion(sealDir(root)) };
}

function* sealDir(draft: DirDraft): Recursion<DirChange> {
  const { names, values } = draft.children.lists();
  const changes: (Draft | Change)[] = values;
  for (let i = 0; i < changes.length; i++) {
    const child = changes[i] as Draft;
    if (child.kind === 'dir-draft') changes[i] = yield sealDir(child);
    else if (child.kind === 'inode') changes[i] = sealInode(child);
  }
  return { kind: 'dir-change', info: draft.info, opaque: draft.opaque, names, changes: changes as Change[] };
}

function sealInode({ leaf, below, own, link }: Inode): Change {
  return own || below === undefined ? withLink(leaf, link) : { kind: 'hardlink', target: below };
}

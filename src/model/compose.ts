/**
 * Two layers as one: what squashing and merging stand on.
 * @module
 */
import { type Recursion, runRecursion } from '../base/recursion.ts';
import { freshLink, unlinkable } from './apply.ts';
import {
  type Change,
  type Changeset,
  changeAt,
  changeIn,
  changesetOf,
  type DirChange,
  type HardlinkBelow,
  hardlinksIn,
} from './changeset.ts';
import { overlaid } from './children.ts';
import { IMPLICIT_DIR, type Leaf, type LinkToken, withLink } from './node.ts';

/**
 * The changeset that does what `first` and then `second` do. Associative; {@link EMPTY_CHANGESET} is its identity.
 * @throws ImageError CONFLICT where a hard link of `second` names what `first` takes away
 */
export function compose(first: Changeset, second: Changeset): Changeset {
  const targets = new Map<string, Leaf | HardlinkBelow>();
  for (const link of hardlinksIn(second)) {
    if (!targets.has(link.target)) targets.set(link.target, linkTarget(first, link));
  }
  const links = new Map<LinkToken, LinkToken>();
  const leafFor = (change: LeafChange): Change => {
    if (change.kind === 'whiteout') return change;
    if (change.kind === 'hardlink') return targets.get(change.target) ?? change;
    return freshLink(change, links);
  };
  const base = runRecursion(composeDir(first.root, newTokens(first, targets).root, (change) => change));
  return { root: runRecursion(composeDir(base, second.root, leafFor)) };
}

type LeafChange = Exclude<Change, DirChange>;

const UNTOUCHED: DirChange = { kind: 'dir-change', info: undefined, opaque: false, names: [], changes: [] };
/** What a directory starts from where there was none any more. */
const NEW: DirChange = { kind: 'dir-change', info: IMPLICIT_DIR, opaque: true, names: [], changes: [] };

function* composeDir(
  first: DirChange,
  second: DirChange,
  leafFor: (change: LeafChange) => Change,
): Recursion<DirChange> {
  const below = second.opaque ? UNTOUCHED : first;
  const changes = new Array<Change>(second.changes.length);
  for (let i = 0; i < changes.length; i++) {
    const change = second.changes[i] as Change;
    if (change.kind === 'dir-change') {
      const lower = changeIn(below, second.names[i] as string);
      changes[i] = yield composeDir(lower === undefined ? UNTOUCHED : asDirChange(lower), change, leafFor);
    } else changes[i] = leafFor(change);
  }
  const children = overlaid(below.names, below.changes, second.names, changes);
  return {
    kind: 'dir-change',
    info: second.info ?? first.info,
    opaque: first.opaque || second.opaque,
    names: children.names,
    changes: children.values,
  };
}

function asDirChange(change: Change): DirChange {
  return change.kind === 'dir-change' ? change : NEW;
}

/** What a link of the second layer to `target` is, seen from below the first. */
function linkTarget(first: Changeset, link: HardlinkBelow): Leaf | HardlinkBelow {
  const found = changeAt(first, link.target);
  if (found === 'below') return link;
  if (found === 'hidden' || found.kind === 'whiteout' || found.kind === 'dir-change') throw unlinkable(link.target);
  if (found.kind === 'hardlink' || found.link !== undefined) return found;
  return withLink(found, { link: true });
}

/** What has to be changed in the first layer: its files that had one name bear the token that their new names bear. */
function newTokens(first: Changeset, targets: ReadonlyMap<string, Leaf | HardlinkBelow>): Changeset {
  const leaves: [string, Leaf][] = [];
  for (const [path, target] of targets) {
    if (target.kind !== 'hardlink' && changeAt(first, path) !== target) leaves.push([path, target]);
  }
  return changesetOf(leaves);
}

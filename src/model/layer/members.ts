/**
 * The members of a layer's archive, in the order in which they are written: what stands in a tree or a changeset, as tar
 * headers want it. `docs/layer-format.md` states the rules.
 * @module
 */
import { isWithin } from '../../base/path.ts';
import { type Changeset, type DirChange, walkChanges } from '../changeset.ts';
import { copyUp } from '../copy-up.ts';
import type { DirInfo } from '../node.ts';
import { EMPTY_DIR, nodeAt, type Tree, walk } from '../tree.ts';
import { Links } from './links.ts';
import { dirMember, type Member, nameOf, opaqueMember, whiteoutMember } from './member.ts';

/** @param below the tree a changeset is made for */
export function* members(layer: Tree | Changeset, below?: Tree): Generator<Member> {
  if (!isTree(layer)) {
    yield* changeMembers(layer, below);
    return;
  }
  const links = new Links();
  for (const { path, node } of walk(layer)) {
    yield node.kind === 'dir' ? dirMember(path, node) : links.leaf(nameOf(path), node);
  }
}

function isTree(layer: Tree | Changeset): layer is Tree {
  return layer.root.kind === 'dir';
}

function* changeMembers(layer: Changeset, below: Tree | undefined): Generator<Member> {
  const changes = below === undefined ? layer : copyUp(layer, below);
  const described = new Describer(below);
  const links = new Links();
  for (const { path, change } of walkChanges(changes)) {
    switch (change.kind) {
      case 'dir-change': {
        const info = described.info(path, change);
        if (info !== undefined) yield dirMember(path, info);
        if (change.opaque) yield opaqueMember(path);
        break;
      }
      case 'whiteout':
        yield whiteoutMember(path);
        break;
      case 'hardlink':
        throw new Error(`bug: ${path} links to ${change.target} of the tree below, which was not given`);
      default:
        yield links.leaf(nameOf(path), change);
    }
  }
}

/**
 * Says how a directory is to be described that its changeset does not describe: as it stands below; else as new. Where a layer
 * is unpacked by itself, a directory without an entry would be root's, of any mode, and of the time of day.
 */
class Describer {
  readonly #below: Tree | undefined;
  /** The last directory whose contents below are hidden, the outermost of several. */
  #hidden: string | undefined;

  constructor(below: Tree | undefined) {
    this.#below = below;
  }

  /** Asked for each directory in order of walk. The root is always there, and stays as it is. */
  info(path: string, change: DirChange): DirInfo | undefined {
    const visible = this.#hidden === undefined || !isWithin(path, this.#hidden);
    if (visible) this.#hidden = change.opaque ? path : undefined;
    if (change.info !== undefined || this.#below === undefined || path === '/') return change.info;
    const found = visible ? nodeAt(this.#below, path) : undefined;
    return found?.kind === 'dir' ? found : EMPTY_DIR;
  }
}

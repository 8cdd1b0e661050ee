/** Which members are hard links, and to what. @module */
import { type Changeset, changeAt, type HardlinkBelow } from '../changeset.ts';
import type { Leaf, LinkToken } from '../node.ts';
import { nodeAt, type Tree, walk } from '../tree.ts';
import { hardlinkMember, leafMember, type Member, nameOf } from './member.ts';

/** Which name of an inode comes first: it has the body, and later ones are hard links to it. */
export class Links {
  readonly #first = new Map<LinkToken, string>();

  leaf(name: string, leaf: Leaf): Member {
    const first = leaf.link === undefined ? undefined : this.#first.get(leaf.link);
    if (first !== undefined) return hardlinkMember(name, first, leaf);
    if (leaf.link !== undefined) this.#first.set(leaf.link, name);
    return leafMember(name, leaf);
  }
}

/** Links of a changeset to files of the tree below. */
export class LinksBelow {
  readonly #changes: Changeset;
  readonly #below: Tree | undefined;
  /** By inode of the tree below (its token, or its only path): the name that links go to. */
  readonly #names = new Map<LinkToken | string, string>();
  #survivors: Map<LinkToken, string> | undefined;

  constructor(changes: Changeset, below: Tree | undefined) {
    this.#changes = changes;
    this.#below = below;
  }

  /**
   * A header with the file's metadata, since extractors set a link's on the inode. Where the changeset removes or replaces
   * what it links to, an extractor would find nothing there: then another name is taken, or the bytes are written again.
   */
  member(path: string, { target }: HardlinkBelow): Member {
    const name = nameOf(path);
    const node = this.#below === undefined ? undefined : nodeAt(this.#below, target);
    if (node === undefined || node.kind === 'dir') {
      throw new Error(`bug: ${path} links to ${target} of the tree below, which was not given or has no such file`);
    }
    const inode = node.link ?? target;
    const known = this.#names.get(inode) ?? this.#remaining(target, node);
    this.#names.set(inode, known ?? name);
    return known === undefined ? leafMember(name, node) : hardlinkMember(name, known, node);
  }

  /** A name of the inode that the changeset leaves where it is. */
  #remaining(target: string, { link }: Leaf): string | undefined {
    if (changeAt(this.#changes, target) === 'below') return target.slice(1);
    if (link === undefined) return undefined;
    this.#survivors ??= this.#allSurvivors();
    return this.#survivors.get(link);
  }

  #allSurvivors(): Map<LinkToken, string> {
    const found = new Map<LinkToken, string>();
    for (const { path, node } of this.#below === undefined ? [] : walk(this.#below)) {
      if (node.kind === 'dir' || node.link === undefined || found.has(node.link)) continue;
      if (changeAt(this.#changes, path) === 'below') found.set(node.link, path.slice(1));
    }
    return found;
  }
}

/** Which members are hard links, and to what. @module */
import type { Leaf, LinkToken } from '../node.ts';
import { hardlinkMember, leafMember, type Member } from './member.ts';

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

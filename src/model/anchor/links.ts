/** Hard links of a layer that is being read. @module */
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import { basename, dirname, splitPath } from '../../base/path.ts';
import type { HardlinkEntry } from '../layer/entry.ts';
import { type Leaf, type LinkToken, type Meta, sameInfo } from '../node.ts';
import { type Tree, walk } from '../tree.ts';
import type { Draft, Inode } from './draft.ts';
import { leafOf, type Place, type Places, pathOf, type Standing } from './places.ts';

export class HardLinks {
  readonly #below: Tree;
  readonly #places: Places;
  /** The files of the tree below that the layer gives further names, by their token or their only path. */
  readonly #borrowed = new Map<LinkToken | string, Inode>();
  /** Files of the layer that came with a token. */
  readonly #named = new Map<LinkToken, Inode>();

  constructor(below: Tree, places: Places) {
    this.#below = below;
    this.#places = places;
  }

  /**
   * The file that the entry is a further name of, with the attributes that the entry gives it; undefined where the entry links
   * a name to itself, which GNU tar writes and skips when reading.
   * @throws ImageError INVALID where nothing or a directory is there
   */
  target(entry: HardlinkEntry, at: Place, name: string): Inode | undefined {
    const cut = entry.target.lastIndexOf('/') + 1;
    const place = this.#places.follow(entry.target.slice(0, cut));
    const last = entry.target.slice(cut);
    const standing = isName(last) ? this.#places.standing(place, last) : undefined;
    const leaf = leafOf(standing);
    if (leaf === undefined) throw dangling(entry, this.#below);
    if (last === name && pathOf(place, last) === pathOf(at, name)) return undefined;
    const inode = this.#inodeAt(place, last, standing, leaf);
    amend(inode, entry);
    return inode;
  }

  /** The file that all entries with one token are names of. */
  named(leaf: Leaf, link: LinkToken): Inode {
    const inode = this.#named.get(link) ?? { kind: 'inode', leaf, below: undefined, own: true, link };
    this.#named.set(link, inode);
    return inode;
  }

  #inodeAt(place: Place, name: string, standing: Standing, leaf: Leaf): Inode {
    if (standing?.kind === 'inode') return standing;
    const isOwn = place.draft?.children.has(name) ?? false;
    if (isOwn) {
      const inode: Inode = { kind: 'inode', leaf, below: undefined, own: true, link: { link: true } };
      place.draft?.children.set(name, inode);
      return inode;
    }
    const below = pathOf(place, name);
    const key = leaf.link ?? below;
    const inode = this.#borrowed.get(key) ?? { kind: 'inode', leaf, below, own: false, link: { link: true } };
    this.#borrowed.set(key, inode);
    return inode;
  }

  /**
   * Gives all names that files of the tree below still have the attributes that entries gave them, by making them the layer's.
   */
  settle(): void {
    const changed = new Map([...this.#borrowed].filter(([, inode]) => inode.own));
    if (changed.size === 0) return;
    for (const { path, node } of walk(this.#below)) {
      if (node.kind === 'dir') continue;
      const inode = changed.get(node.link ?? path);
      if (inode !== undefined && this.#isUntouched(path))
        this.#places.set(this.#places.open(dirname(path)), basename(path), inode);
    }
  }

  /** Whether the layer leaves alone what the tree below has at a physical path. */
  #isUntouched(path: string): boolean {
    let at: Draft | undefined = this.#places.root.draft;
    for (const name of splitPath(path)) {
      if (at === undefined) return true;
      if (at.kind !== 'dir-draft' || at.opaque) return false;
      at = at.children.get(name);
    }
    return at === undefined;
  }
}

function isName(text: string): boolean {
  return text !== '' && text !== '.' && text !== '..';
}

/** chown(2), setxattr(2), chmod(2) and utimensat(2) on a further name change the file that it names. */
function amend(inode: Inode, { meta, mtime, mtimeNs }: HardlinkEntry): void {
  const { leaf } = inode;
  const changed = { meta: amendedMeta(leaf, meta), mtime, mtimeNs };
  if (sameInfo(leaf, changed)) return;
  inode.leaf = { ...leaf, ...changed };
  inode.own = true;
}

function amendedMeta({ kind, meta }: Leaf, { mode, uid, gid, xattrs }: Meta): Meta {
  return {
    mode: kind === 'symlink' ? meta.mode : mode,
    uid,
    gid,
    xattrs: xattrs === undefined ? meta.xattrs : new Map([...(meta.xattrs ?? []), ...xattrs]),
  };
}

function dangling(entry: HardlinkEntry, below: Tree): ImageError {
  const [path, target] = [entry.path, entry.target].map(printableName);
  return new ImageError('INVALID', `hard link ${path}: there is no file at ${target}`, {
    hint:
      below.root.names.length === 0
        ? 'a file stands before its further names: the tar is damaged, or made without that file'
        : 'the layer is damaged, or was made for another base',
  });
}

/**
 * The members of a layer's archive, in the order in which they are written: what stands in a tree or a changeset, as tar
 * headers want it. `docs/layer-format.md` states the rules.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import { basename, dirname } from '../../base/path.ts';
import type { HeaderFields } from '../../formats/tar/encode.ts';
import { type Change, type Changeset, changeAt, type HardlinkBelow, walkChanges } from '../changeset.ts';
import type { Content } from '../content.ts';
import { type DirInfo, FILE_META, type Leaf, type LinkToken, type Node } from '../node.ts';
import { nodeAt, type Tree, walk } from '../tree.ts';
import { OPAQUE, WHITEOUT_PREFIX } from './whiteout.ts';

/** A header and the content that follows it. */
export interface Member extends Omit<HeaderFields, 'size'> {
  readonly content: Content | undefined;
}

/** @param below the tree a changeset is made for */
export function* members(layer: Tree | Changeset, below?: Tree): Generator<Member> {
  const links = new Links();
  if (isTree(layer)) {
    for (const { path, node } of walk(layer)) yield* nodeMembers(path, node, links);
    return;
  }
  for (const { path, change } of walkChanges(layer)) {
    if (change.kind === 'whiteout') yield whiteout(path);
    else if (change.kind === 'hardlink') yield links.below(path, change, layer, below);
    else yield* nodeMembers(path, change, links);
  }
}

function isTree(layer: Tree | Changeset): layer is Tree {
  return layer.root.kind === 'dir';
}

function* nodeMembers(path: string, node: Node | Exclude<Change, { kind: 'whiteout' | 'hardlink' }>, links: Links) {
  switch (node.kind) {
    case 'dir':
      yield dirMember(path, node);
      break;
    case 'dir-change':
      if (node.info !== undefined) yield dirMember(path, node.info);
      if (node.opaque) yield marker(inside(path, OPAQUE));
      break;
    default:
      yield links.leaf(nameOf(path), node);
  }
}

/** A path as it is written: without the leading slash. */
function nameOf(path: string): string {
  if (basename(path).startsWith(WHITEOUT_PREFIX)) {
    throw new ImageError('UNSUPPORTED', `"${printableName(path)}" cannot be put into a layer`, {
      hint: 'names that begin with ".wh." mean removed files there: leave it out',
    });
  }
  return path.slice(1);
}

function inside(dir: string, name: string): string {
  return dir === '/' ? name : `${dir.slice(1)}/${name}`;
}

function dirMember(path: string, info: DirInfo): Member {
  const name = path === '/' ? './' : `${nameOf(path)}/`;
  const { meta, mtime, mtimeNs } = info;
  return { kind: 'dir', name, ...meta, mtime, mtimeNs, content: undefined };
}

function whiteout(path: string): Member {
  return marker(inside(dirname(path), WHITEOUT_PREFIX + basename(nameOf(path))));
}

/** An empty file that says something: a whiteout or an opaque mark. */
function marker(name: string): Member {
  return { kind: 'file', name, ...FILE_META, mtime: 0, mtimeNs: 0, content: undefined };
}

/** Which name of an inode comes first: it has the body, and later ones are hard links to it. */
class Links {
  readonly #first = new Map<LinkToken | string, string>();

  leaf(name: string, leaf: Leaf): Member {
    const first = leaf.link === undefined ? undefined : this.#first.get(leaf.link);
    if (first !== undefined) return hardlink(name, first, leaf);
    if (leaf.link !== undefined) this.#first.set(leaf.link, name);
    return leafMember(name, leaf);
  }

  /**
   * A link to a file of the tree below, which must be described again: extractors set a link's metadata on the inode. Where
   * the layer removes or replaces what it links to, an extractor would find nothing there: then the bytes are written again.
   */
  below(path: string, { target }: HardlinkBelow, layer: Changeset, below: Tree | undefined): Member {
    const name = nameOf(path);
    const node = below === undefined ? undefined : nodeAt(below, target);
    if (node === undefined || node.kind === 'dir') {
      throw new Error(`bug: ${path} links to ${target} of the tree below, which was not given or has no such file`);
    }
    const first = this.#first.get(target) ?? (changeAt(layer, target) === 'below' ? target.slice(1) : undefined);
    if (first !== undefined) return hardlink(name, first, node);
    this.#first.set(target, name);
    return leafMember(name, node);
  }
}

/** With the inode's attributes: chown(2) clears file capabilities, and extractors call it for each link. */
function hardlink(name: string, first: string, { meta, mtime, mtimeNs }: Leaf): Member {
  return { kind: 'hardlink', name, linkname: first, ...meta, mtime, mtimeNs, content: undefined };
}

function leafMember(name: string, leaf: Leaf): Member {
  const { meta, mtime, mtimeNs } = leaf;
  const common = { name, ...meta, mtime, mtimeNs, content: undefined };
  switch (leaf.kind) {
    case 'file':
      return { ...common, kind: 'file', content: leaf.content };
    case 'symlink':
      return { ...common, kind: 'symlink', linkname: leaf.target };
    case 'char':
    case 'block':
      return { ...common, kind: leaf.kind, major: leaf.major, minor: leaf.minor };
    case 'fifo':
      return { ...common, kind: 'fifo' };
  }
}

/**
 * From a layer's entries, as an archive lists them, to what the layer does to the tree below it. This is where links in
 * the way to an entry are followed: behind it nothing looks at links any more.
 *
 * The rules are those of image-spec layer.md, and where it is silent those of extractors (containerd's archive.Apply above
 * all); `docs/laws.md` lists them.
 * @module
 */
import { assert } from '../base/assert.ts';
import { basename, dirname } from '../base/path.ts';
import { dirDraft, seal } from './anchor/draft.ts';
import { HardLinks } from './anchor/links.ts';
import { Places } from './anchor/places.ts';
import { apply } from './apply.ts';
import { type Changeset, WHITEOUT } from './changeset.ts';
import type { HardlinkEntry, LayerEntry } from './layer/entry.ts';
import { type DirInfo, IMPLICIT_DIR, type Leaf } from './node.ts';
import type { Tree } from './tree.ts';

/**
 * What the entries, in archive order, do to the tree.
 * @throws ImageError INVALID where an entry cannot be placed (a hard link to nothing, a file in the way, a loop of links),
 * LIMIT where links in the way are a bomb
 */
export function anchor(below: Tree, entries: Iterable<LayerEntry>): Changeset {
  const layer = new AnchoredLayer(below);
  for (const entry of entries) layer.add(entry);
  return layer.done();
}

/** Anchors a layer as it is read and applies it. @throws ImageError as {@link anchor}, and as reading the entries does */
export async function applyLayer(
  below: Tree,
  entries: AsyncIterable<LayerEntry>,
): Promise<{ readonly changes: Changeset; readonly tree: Tree }> {
  const layer = new AnchoredLayer(below);
  for await (const entry of entries) layer.add(entry);
  const changes = layer.done();
  return { changes, tree: apply(below, changes) };
}

class AnchoredLayer {
  readonly #places: Places;
  readonly #links: HardLinks;

  constructor(below: Tree) {
    this.#places = new Places(below);
    this.#links = new HardLinks(below, this.#places);
  }

  add(entry: LayerEntry): void {
    if (entry.kind === 'hardlink') this.#addHardlink(entry);
    else if (entry.kind === 'whiteout') this.#addWhiteout(entry.path);
    else if (entry.kind === 'opaque') this.#addOpaque(entry.path);
    else if (entry.node.kind === 'dir') this.#addDir(entry.path, entry.node);
    else this.#addLeaf(entry.path, entry.node);
  }

  done(): Changeset {
    this.#links.settle();
    return seal(this.#places.root.draft);
  }

  #addLeaf(path: string, leaf: Leaf): void {
    assert(path !== '/', `an entry makes the root a ${leaf.kind}`);
    const draft = leaf.link === undefined ? leaf : this.#links.named(leaf, leaf.link);
    this.#places.set(this.#places.open(dirname(path)), basename(path), draft);
  }

  /** A directory joins one that stands there, and replaces anything else, a link to a directory too. */
  #addDir(path: string, { meta, mtime, mtimeNs }: DirInfo): void {
    const info = { kind: 'dir', meta, mtime, mtimeNs } as const;
    const place = path === '/' ? undefined : this.#places.open(dirname(path));
    const own = place === undefined ? this.#places.root.draft : place.draft.children.get(basename(path));
    if (own?.kind === 'dir-draft') own.info = info;
    else if (place !== undefined) this.#places.set(place, basename(path), dirDraft(info, own !== undefined));
  }

  #addHardlink(entry: HardlinkEntry): void {
    const place = this.#places.open(dirname(entry.path));
    const name = basename(entry.path);
    const standing = this.#places.standing(place, name);
    if (standing?.kind === 'dir' || standing?.kind === 'dir-draft') this.#places.set(place, name, WHITEOUT);
    const inode = this.#links.target(entry, place, name);
    if (inode !== undefined) this.#places.set(place, name, inode);
  }

  /** Hides what is below; what the layer itself puts there stays, wherever in the archive it comes. */
  #addWhiteout(path: string): void {
    const place = this.#places.open(dirname(path));
    const own = place.draft.children.get(basename(path));
    if (own === undefined) this.#places.set(place, basename(path), WHITEOUT);
    if (own?.kind !== 'dir-draft') return;
    own.info ??= IMPLICIT_DIR;
    own.opaque = true;
    this.#places.forget();
  }

  #addOpaque(path: string): void {
    this.#places.open(path).draft.opaque = true;
    this.#places.forget();
  }
}

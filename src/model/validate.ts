/** What must hold of every tree and changeset, whoever made it: the oracle of tests, not a check of users' images. @module */
import { printableName } from '../base/names.ts';
import { cleanPath } from '../base/path.ts';
import { type Change, type Changeset, walkChanges } from './changeset.ts';
import type { Content, Sparse } from './content.ts';
import { type DirInfo, type Leaf, type LinkToken, sameLeaf } from './node.ts';
import { nodeAt, type Tree, walk } from './tree.ts';

/** Something that does not hold. */
export interface Fault {
  /** A path, or a digest. */
  readonly where: string;
  readonly message: string;
}

/** In order of walk. */
export function* treeFaults(tree: Tree): Generator<Fault> {
  const links = new LinkCheck();
  for (const { path, node } of walk(tree)) {
    const messages = attributeFaults(node);
    if (node.kind === 'dir') messages.push(...nameFaults(node.names, node.nodes));
    else messages.push(...leafFaults(node), ...links.faults(path, node));
    for (const message of messages) yield fault(path, message);
  }
}

/** @param below the tree that the changeset is for */
export function* changesetFaults(changeset: Changeset, below: Tree): Generator<Fault> {
  const links = new LinkCheck();
  for (const { path, change } of walkChanges(changeset)) {
    for (const message of changeFaults(path, change, below, links)) yield fault(path, message);
  }
}

function changeFaults(path: string, change: Change, below: Tree, links: LinkCheck): string[] {
  switch (change.kind) {
    case 'whiteout':
      return [];
    case 'hardlink':
      return isFile(below, change.target) ? [] : [`links to ${printableName(change.target)}, no file below`];
    case 'dir-change':
      return [
        ...nameFaults(change.names, change.changes),
        ...(change.info === undefined ? [] : attributeFaults(change.info)),
      ];
    default:
      return [...attributeFaults(change), ...leafFaults(change), ...links.faults(path, change)];
  }
}

function isFile(tree: Tree, path: string): boolean {
  return cleanPath(path) === path && (nodeAt(tree, path)?.kind ?? 'dir') !== 'dir';
}

function fault(path: string, message: string): Fault {
  return { where: printableName(path), message };
}

function nameFaults(names: readonly string[], values: readonly unknown[]): string[] {
  const faults: string[] = [];
  if (names.length !== values.length) faults.push(`has ${names.length} names for ${values.length} children`);
  for (const [i, name] of names.entries()) {
    const before = names[i - 1];
    if (before !== undefined && before >= name) faults.push(`its names are out of order at ${printableName(name)}`);
    if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
      faults.push(`"${printableName(name)}" is no name`);
    }
  }
  return faults;
}

/** The largest id that chown(2) takes: the one above it means "leave as it is". */
const MAX_ID = 2 ** 32 - 2;

function attributeFaults({ meta, mtime, mtimeNs }: Leaf | DirInfo): string[] {
  const faults: string[] = [];
  if (!isWithin(meta.mode, 0o7777)) faults.push(`has the mode ${meta.mode.toString(8)}`);
  if (!isWithin(meta.uid, MAX_ID) || !isWithin(meta.gid, MAX_ID)) faults.push(`has the owner ${meta.uid}:${meta.gid}`);
  if (!Number.isSafeInteger(mtime) || !isWithin(mtimeNs, 999_999_999))
    faults.push(`has the time ${mtime}+${mtimeNs} ns`);
  return faults;
}

function isWithin(value: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= most;
}

function leafFaults(leaf: Leaf): string[] {
  switch (leaf.kind) {
    case 'file':
      return contentFaults(leaf.content);
    case 'symlink':
      return leaf.target === '' || leaf.target.includes('\0') ? ['is a symbolic link that cannot be made'] : [];
    case 'char':
    case 'block':
      return isWithin(leaf.major, MAX_ID) && isWithin(leaf.minor, MAX_ID)
        ? []
        : [`is device ${leaf.major}:${leaf.minor}`];
    case 'fifo':
      return [];
  }
}

function contentFaults(content: Content): string[] {
  if (!isCount(content.size)) return [`has the size ${content.size}`];
  switch (content.kind) {
    case 'bytes':
      return content.bytes.length === content.size ? [] : [`has ${content.bytes.length} bytes, not ${content.size}`];
    case 'slice':
      return isCount(content.offset) ? [] : [`lies at ${content.offset}`];
    case 'sparse':
      return extentFaults(content);
  }
}

function isCount(value: number): boolean {
  return isWithin(value, Number.MAX_SAFE_INTEGER);
}

function extentFaults({ extents, size: total }: Sparse): string[] {
  let end = 0;
  for (const { at, offset, size } of extents) {
    if (!isCount(offset) || !isCount(size) || at < end) return [`has a broken extent at ${at}`];
    end = at + size;
  }
  return end <= total ? [] : [`has an extent beyond its end, ${total}`];
}

/** Nodes that share a token agree in everything. */
class LinkCheck {
  readonly #first = new Map<LinkToken, { readonly path: string; readonly leaf: Leaf }>();

  faults(path: string, leaf: Leaf): string[] {
    if (leaf.link === undefined) return [];
    const first = this.#first.get(leaf.link);
    if (first === undefined) this.#first.set(leaf.link, { path, leaf });
    const same = first === undefined || sameLeaf(first.leaf, leaf);
    return same ? [] : [`is a hard link of ${printableName(first.path)} and differs from it`];
  }
}

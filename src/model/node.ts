/**
 * The entries of a root filesystem. All immutable; metadata objects are shared between nodes that agree in them.
 * @module
 */
import { type Content, sameReference } from './content.ts';

/** inode(7), less what a container image does not carry (inode number, ctime, atime). */
export interface Meta {
  /** The twelve permission bits: 0o7777, set-user-ID, set-group-ID and sticky included. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Extended attributes by full name (`security.capability`), xattr(7). Absent when there are none. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array> | undefined;
}

/**
 * Says that several paths are one inode: nodes with the same token are hard links of each other. Only its identity
 * counts. Nodes that share a token agree in everything else too.
 */
export interface LinkToken {
  readonly link: true;
}

interface Common {
  readonly meta: Meta;
  /** Whole seconds since the epoch; negative before 1970. */
  readonly mtime: number;
  /** Nanoseconds after `mtime`: 0 to 999,999,999. */
  readonly mtimeNs: number;
}

interface Linkable extends Common {
  readonly link: LinkToken | undefined;
}

export interface FileNode extends Linkable {
  readonly kind: 'file';
  readonly content: Content;
}

export interface SymlinkNode extends Linkable {
  readonly kind: 'symlink';
  /** The text of the link: a name, or absolute, or with `..`, or dangling; not cleaned. */
  readonly target: string;
}

export interface DeviceNode extends Linkable {
  readonly kind: 'char' | 'block';
  readonly major: number;
  readonly minor: number;
}

export interface FifoNode extends Linkable {
  readonly kind: 'fifo';
}

/** Everything but a directory: what a path can name at the end of it. */
export type Leaf = FileNode | SymlinkNode | DeviceNode | FifoNode;

/** A directory's own metadata, without what is in it. */
export interface DirInfo extends Common {
  readonly kind: 'dir';
}

/** A directory of a {@link Tree}. `names` is sorted by code unit and runs parallel to `nodes`. */
export interface Dir extends DirInfo {
  readonly names: readonly string[];
  readonly nodes: readonly Node[];
}

export type Node = Leaf | Dir;

/** What looking at one path gives, from a Tree or from a disk: a directory's children are asked for apart. */
export type NodeInfo = Leaf | DirInfo;

export const DIR_META: Meta = { mode: 0o755, uid: 0, gid: 0 };
export const FILE_META: Meta = { mode: 0o644, uid: 0, gid: 0 };

/** A directory that nobody described: root's, 0755, at the epoch. */
export const IMPLICIT_DIR: DirInfo = { kind: 'dir', meta: DIR_META, mtime: 0, mtimeNs: 0 };

/** Metadata shared: gives one object for equal values. Make one interner for each tree that is being read. */
export function metaInterner(): (meta: Meta) => Meta {
  const known = new Map<string, Meta>();
  return (meta) => {
    const key = metaKey(meta);
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, meta);
    return meta;
  };
}

/** Equal for equal metadata: for interning and for telling people apart what differs. */
function metaKey(meta: Meta): string {
  const ids = `${meta.mode}:${meta.uid}:${meta.gid}`;
  if (meta.xattrs === undefined || meta.xattrs.size === 0) return ids;
  const attributes = [...meta.xattrs].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${ids}:${attributes.map(([name, value]) => `${name}=${Buffer.from(value).toString('hex')}`).join(',')}`;
}

export function sameMeta(a: Meta, b: Meta): boolean {
  if (a === b) return true;
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid) return false;
  return sameXattrs(a.xattrs, b.xattrs);
}

/** None at all and an empty map are the same. */
export function sameXattrs(a: Meta['xattrs'], b: Meta['xattrs']): boolean {
  if ((a?.size ?? 0) !== (b?.size ?? 0)) return false;
  for (const [name, value] of a ?? []) {
    const other = b?.get(name);
    if (other === undefined || Buffer.compare(value, other) !== 0) return false;
  }
  return true;
}

/** Whether owner, permissions, extended attributes and time agree. */
export function sameInfo(a: Common, b: Common): boolean {
  return a.mtime === b.mtime && a.mtimeNs === b.mtimeNs && sameMeta(a.meta, b.meta);
}

/** Whether two leaves agree in everything but their links. Contents are compared as references, no byte is read. */
export function sameLeaf(a: Leaf, b: Leaf): boolean {
  if (a === b) return true;
  if (!sameInfo(a, b)) return false;
  switch (a.kind) {
    case 'file':
      return b.kind === 'file' && sameReference(a.content, b.content);
    case 'symlink':
      return b.kind === 'symlink' && a.target === b.target;
    case 'char':
    case 'block':
      return b.kind === a.kind && a.major === b.major && a.minor === b.minor;
    case 'fifo':
      return b.kind === 'fifo';
  }
}

/** The same leaf as a name of another inode: all nodes that are given one token are hard links of each other. */
export function withLink(leaf: Leaf, link: LinkToken | undefined): Leaf {
  if (leaf.link === link) return leaf;
  const { meta, mtime, mtimeNs } = leaf;
  switch (leaf.kind) {
    case 'file':
      return { kind: 'file', meta, mtime, mtimeNs, link, content: leaf.content };
    case 'symlink':
      return { kind: 'symlink', meta, mtime, mtimeNs, link, target: leaf.target };
    case 'char':
    case 'block':
      return { kind: leaf.kind, meta, mtime, mtimeNs, link, major: leaf.major, minor: leaf.minor };
    case 'fifo':
      return { kind: 'fifo', meta, mtime, mtimeNs, link };
  }
}

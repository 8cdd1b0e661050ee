/**
 * How overlayfs keeps its marks in a directory (Documentation/filesystems/overlayfs.rst), and what a user namespace cannot hold.
 * `docs/snapshots.md` is the specification.
 * @module
 */
import type { Leaf, Meta, Node } from '../../model/node.ts';

export interface OverlayForm {
  /** Of the mount: with the option `userxattr` the second. */
  readonly marks: 'trusted.overlay.' | 'user.overlay.';
  /** Whether device nodes can be made. */
  readonly devices: boolean;
  /** Whether an owner can be given to a file. */
  readonly mapped: (uid: number, gid: number) => boolean;
  /** Whether all extended attributes can be written; else `user.`, `system.` and `security.capability` alone. */
  readonly allXattrs: boolean;
}

/** Root of the machine. */
export const PRIVILEGED: OverlayForm = {
  marks: 'trusted.overlay.',
  devices: true,
  mapped: () => true,
  allXattrs: true,
};

const MARKS = /^(trusted|user)\.overlay\./;
/** Set by the machine's security module on every file; no business of an image. */
const LABELS = /^security\.(selinux|SMACK64.*|apparmor)$/;
const UNPRIVILEGED = /^(user\.|system\.|security\.capability$)/;

/** Attributes that a step cannot have set, and that its files have below nevertheless. */
function isForeign(name: string, { allXattrs }: OverlayForm): boolean {
  return LABELS.test(name) || !(allXattrs || UNPRIVILEGED.test(name));
}

/** What a lower layer has of a file's attributes: all but what overlayfs would take for its own. */
export function withoutMarks(meta: Meta): Meta {
  return withXattrs(
    meta,
    [...(meta.xattrs ?? [])].filter(([name]) => !MARKS.test(name)),
  );
}

const SETID_BITS = 0o6000;

/** What a file of the tree below looks like in the snapshot, as far as owner and mode go. */
function seen(meta: Meta, { mapped }: OverlayForm, kind: Node['kind']): Pick<Meta, 'mode' | 'uid' | 'gid'> {
  if (mapped(meta.uid, meta.gid)) return meta;
  return { uid: 0, gid: 0, mode: kind === 'symlink' ? meta.mode : meta.mode & ~SETID_BITS };
}

/**
 * What the upper directory says of a file, as the image has it: without marks and labels; and what a namespace cannot hold is
 * what it was below, unless the step has set it.
 * @param below of the same kind, at the same path; undefined where there is none
 */
export function recorded(upper: Node, below: Node | undefined, form: OverlayForm): Meta {
  const own = [...(upper.meta.xattrs ?? [])].filter(([name]) => !MARKS.test(name) && !isForeign(name, form));
  if (below === undefined || below.kind !== upper.kind) return withXattrs(upper.meta, own);
  const foreign = [...(below.meta.xattrs ?? [])].filter(([name]) => isForeign(name, form) || MARKS.test(name));
  const was = seen(below.meta, form, below.kind);
  const isOwner = upper.meta.uid === was.uid && upper.meta.gid === was.gid;
  const { uid, gid } = isOwner ? below.meta : upper.meta;
  const mode = isOwner && upper.meta.mode === was.mode ? below.meta.mode : upper.meta.mode;
  return withXattrs({ mode, uid, gid }, [...own, ...foreign]);
}

/** @param xattrs in any order; the map has them by name */
function withXattrs({ mode, uid, gid }: Meta, xattrs: readonly (readonly [string, Uint8Array])[]): Meta {
  if (xattrs.length === 0) return { mode, uid, gid };
  return { mode, uid, gid, xattrs: new Map(xattrs.toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}

/** What stands for "nothing here": made by the kernel, and by us. */
export const WHITEOUT_DEVICE: Leaf = {
  kind: 'char',
  meta: { mode: 0, uid: 0, gid: 0 },
  mtime: 0,
  mtimeNs: 0,
  link: undefined,
  major: 0,
  minor: 0,
};

/** A 0:0 character device; or, made by other tools only, an empty file with an attribute. */
export function isWhiteout(node: Node, { marks }: OverlayForm): boolean {
  if (node.kind === 'char') return node.major === 0 && node.minor === 0;
  return node.kind === 'file' && node.content.size === 0 && node.meta.xattrs?.has(`${marks}whiteout`) === true;
}

/** Whether what is below the directory is hidden. The value `x` says something else: that it may hold files for whiteouts. */
export function isOpaque(node: Node, { marks }: OverlayForm): boolean {
  const mark = node.meta.xattrs?.get(`${marks}opaque`);
  return mark !== undefined && Buffer.from(mark).toString('latin1') === 'y';
}

/** A directory's attributes with the mark. */
export function markedOpaque(meta: Meta, { marks }: OverlayForm): Meta {
  return withXattrs(meta, [...(meta.xattrs ?? []), [`${marks}opaque`, Buffer.from('y')]]);
}

/**
 * EROFS images, uncompressed: a read-only file system of Linux (Documentation/filesystems/erofs.rst of the kernel, "On-disk details"), as an index
 * over bytes that lie elsewhere. Directories, links and attributes are in the image; the bytes of files are blocks of other devices, which a
 * mount is given by `device=`. So a tar can be mounted that nobody has unpacked.
 *
 * Inodes stand in order of breadth: the children of a directory side by side. Behind an inode are its attributes, and, where they
 * are few and stay within a block, the bytes of a directory or a link; else these follow in blocks of their own.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { encodeName } from '../../base/names.ts';
import { byteOrder, type DirectoryEntry, directorySize, fileName, PARENT, SELF, writeDirectory } from './directory.ts';
import { type DeviceRange, headSize, INODE, type InodeRecord, SLOT, writeHead, writeInode } from './records.ts';
import { BLOCK, type ErofsBytes, type ErofsDir, type ErofsLeaf, type ErofsNode } from './types.ts';
import { encodeXattrs, xattrCount } from './xattrs.ts';

export interface ErofsOptions<C> {
  /** Called more than once for a content, with the same answer each time. @throws ImageError UNSUPPORTED */
  readonly locate: (content: C) => ErofsBytes;
  /** Bytes of each device, asked for when everything has been located. */
  readonly devices: () => readonly number[];
}

/**
 * The image, in memory: about a hundred bytes an entry.
 * @throws ImageError UNSUPPORTED for a tree that EROFS cannot hold: with names above 255 bytes, attributes above 64 KiB, numbers of
 * devices beyond 12 and 20 bits, bytes that do not begin at a multiple of {@link BLOCK}, or 2 TiB of them
 */
export function erofsImage<C>(root: ErofsDir<C>, options: ErofsOptions<C>): Buffer {
  const plan = planned(root, options);
  const { start, ranges } = arranged(plan, options.devices());
  const image = Buffer.alloc(start + plan.size);
  const meta = image.subarray(start);
  writeHead(image, {
    rootNid: plan.nids[0] as number,
    inodes: plan.inodes,
    blocks: image.length / BLOCK,
    metaBlock: start / BLOCK,
    devices: ranges,
  });
  new Writer(plan, options, { meta, start, ranges }).write(root);
  return image;
}

/** Where inodes stand, by number in order of breadth, relative to the beginning of the metadata. */
interface Plan {
  readonly nids: readonly number[];
  readonly links: ReadonlyMap<object, Inode>;
  readonly inodes: number;
  /** A multiple of a block. */
  readonly size: number;
}

/** Of several names. */
interface Inode {
  readonly nid: number;
  names: number;
}

/** Nobody shows files of the number 0. */
const FIRST = INODE;
/** Data behind an inode stay within a block, which the attributes begin anywhere in a quarter of. */
const MOST_BEHIND = BLOCK - INODE;

function planned<C>(root: ErofsDir<C>, { locate }: ErofsOptions<C>): Plan {
  const nids: number[] = [];
  const links = new Map<object, Inode>();
  let [end, inodes] = [FIRST, 0];
  for (const node of inBreadth(root)) {
    const known = node.kind === 'dir' || node.link === undefined ? undefined : links.get(node.link);
    if (known !== undefined) {
      known.names++;
      nids.push(known.nid);
      continue;
    }
    const slot = slotFrom(end, encodeXattrs(node.meta.xattrs).length, dataSize(node, locate));
    const nid = slot.inode / SLOT;
    if (node.kind !== 'dir' && node.link !== undefined) links.set(node.link, { nid, names: 1 });
    nids.push(nid);
    end = slot.end;
    inodes++;
  }
  return { nids, links, inodes, size: upTo(BLOCK, end) };
}

/** The root, then what is in it, then what is in the directories of these, and so on. */
function* inBreadth<C>(root: ErofsDir<C>): Generator<ErofsNode<C>> {
  yield root;
  const dirs = [root];
  for (const dir of dirs) {
    for (const node of dir.nodes) {
      yield node;
      if (node.kind === 'dir') dirs.push(node);
    }
  }
}

/** Bytes that stand in the image. */
function dataSize<C>(node: ErofsNode<C>, locate: ErofsOptions<C>['locate']): number {
  switch (node.kind) {
    case 'dir':
      return directorySize(sortedNames(node));
    case 'symlink':
      return targetOf(node.target).length;
    case 'file': {
      const bytes = locate(node.content);
      if (bytes.kind === 'inside') return bytes.bytes.length;
      if (bytes.offset % BLOCK !== 0)
        throw unsupported(`bytes from ${bytes.offset} on, which is no multiple of ${BLOCK}`);
      return 0;
    }
    case 'char':
    case 'block':
      deviceNumber(node);
      return 0;
    case 'fifo':
      return 0;
  }
}

interface Slot {
  readonly inode: number;
  readonly data: number;
  readonly layout: InodeRecord['layout'];
  readonly end: number;
}

/** The first place from `from` on for an inode, its attributes and its data. */
function slotFrom(from: number, xattrs: number, data: number): Slot {
  const inode = upTo(INODE, from);
  const behind = inode + INODE + xattrs;
  if (data === 0) return { inode, data: 0, layout: 'blocks', end: behind };
  if (data > MOST_BEHIND) {
    const start = upTo(BLOCK, behind);
    return { inode, data: start, layout: 'blocks', end: start + data };
  }
  const crosses = (behind % BLOCK) + data > BLOCK;
  if (crosses) return slotFrom(inode + BLOCK - (behind % BLOCK), xattrs, data);
  return { inode, data: behind, layout: 'behind', end: behind + data };
}

const upTo = (unit: number, size: number): number => Math.ceil(size / unit) * unit;

function sortedNames<C>(dir: ErofsDir<C>): readonly { readonly name: Buffer; readonly child: number | undefined }[] {
  const own = [SELF, PARENT].map((name) => ({ name, child: undefined }));
  return [...own, ...dir.names.map((name, child) => ({ name: fileName(name), child }))].sort(byteOrder);
}

/** PATH_MAX with its final zero. */
const LONGEST_TARGET = 4095;

function targetOf(target: string): Buffer {
  const bytes = encodeName(target);
  if (bytes.length === 0 || bytes.length > LONGEST_TARGET)
    throw unsupported(`a link to ${bytes.length} bytes of a name`);
  return bytes;
}

/** As `new_encode_dev` of the kernel packs it. */
function deviceNumber({ major, minor }: { readonly major: number; readonly minor: number }): number {
  if (major >= 1 << 12 || minor >= 1 << 20) throw unsupported(`the device ${major}:${minor}`);
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

interface Arrangement {
  /** Of the metadata, in bytes. */
  readonly start: number;
  readonly ranges: readonly DeviceRange[];
}

/** Blocks are counted through: those of the image, then those of each device. */
function arranged(plan: Plan, devices: readonly number[]): Arrangement {
  const start = headSize(devices.length);
  let next = (start + plan.size) / BLOCK;
  const ranges = devices.map((bytes): DeviceRange => {
    const range = { blocks: Math.ceil(bytes / BLOCK), start: next };
    next += range.blocks;
    return range;
  });
  if (next > 0xffff_ffff || devices.length > 0xffff) throw unsupported(`${next} blocks on ${devices.length} devices`);
  return { start, ranges };
}

interface OpenDir<C> {
  readonly dir: ErofsDir<C>;
  readonly nid: number;
  readonly parent: number;
}

class Writer<C> {
  readonly #plan: Plan;
  readonly #locate: ErofsOptions<C>['locate'];
  readonly #meta: Buffer;
  readonly #start: number;
  readonly #ranges: readonly DeviceRange[];
  readonly #written = new Set<object>();
  #number = 0;

  constructor(
    plan: Plan,
    { locate }: ErofsOptions<C>,
    { meta, start, ranges }: Arrangement & { readonly meta: Buffer },
  ) {
    this.#plan = plan;
    this.#locate = locate;
    this.#meta = meta;
    this.#start = start;
    this.#ranges = ranges;
  }

  write(root: ErofsDir<C>): void {
    const nid = this.#plan.nids[0] as number;
    const dirs: OpenDir<C>[] = [{ dir: root, nid, parent: nid }];
    let next = 1;
    for (const open of dirs) {
      const nids = this.#plan.nids.slice(next, next + open.dir.nodes.length);
      next += nids.length;
      this.#writeDir(open, nids);
      for (const [i, node] of open.dir.nodes.entries()) {
        const own = nids[i] as number;
        if (node.kind === 'dir') dirs.push({ dir: node, nid: own, parent: open.nid });
        else this.#writeLeaf(node, own);
      }
    }
  }

  #writeDir({ dir, nid, parent }: OpenDir<C>, nids: readonly number[]): void {
    const entries = sortedNames(dir).map(({ name, child }): DirectoryEntry => {
      if (child === undefined) return { name, kind: 'dir', nid: name === SELF ? nid : parent };
      return { name, kind: (dir.nodes[child] as ErofsNode<C>).kind, nid: nids[child] as number };
    });
    const data = Buffer.alloc(directorySize(entries));
    writeDirectory(entries, data);
    const subdirs = dir.nodes.reduce((count, { kind }) => count + (kind === 'dir' ? 1 : 0), 0);
    this.#writeNode(dir, nid, 2 + subdirs, data);
  }

  #writeLeaf(leaf: ErofsLeaf<C>, nid: number): void {
    if (leaf.link !== undefined) {
      if (this.#written.has(leaf.link)) return;
      this.#written.add(leaf.link);
    }
    const names = leaf.link === undefined ? 1 : (this.#plan.links.get(leaf.link)?.names ?? 1);
    this.#writeNode(leaf, nid, names, this.#bodyOf(leaf));
  }

  /** Bytes that stand here, or what the inode says instead. */
  #bodyOf(leaf: ErofsLeaf<C>): Uint8Array | Body {
    switch (leaf.kind) {
      case 'file': {
        const bytes = this.#locate(leaf.content);
        if (bytes.kind === 'inside') return bytes.bytes;
        const { device, offset, size } = bytes;
        return { size, place: (this.#ranges[device] as DeviceRange).start + offset / BLOCK };
      }
      case 'symlink':
        return targetOf(leaf.target);
      case 'char':
      case 'block':
        return { size: 0, place: deviceNumber(leaf) };
      case 'fifo':
        return { size: 0, place: 0 };
    }
  }

  #writeNode(node: ErofsNode<C>, nid: number, links: number, body: Uint8Array | Body): void {
    const { meta, mtime, mtimeNs, kind } = node;
    const at = nid * SLOT;
    const xattrs = encodeXattrs(meta.xattrs);
    const isHere = body instanceof Uint8Array;
    const { data, layout } = slotFrom(at, xattrs.length, isHere ? body.length : 0);
    const place = isHere ? (layout === 'blocks' ? (this.#start + data) / BLOCK : 0) : body.place;
    writeInode(this.#meta, at, {
      kind,
      layout,
      xattrCount: xattrCount(xattrs.length),
      mode: kind === 'symlink' ? 0o777 : meta.mode,
      size: isHere ? body.length : body.size,
      place,
      number: ++this.#number,
      uid: meta.uid,
      gid: meta.gid,
      mtime,
      mtimeNs,
      links,
    });
    this.#meta.set(xattrs, at + INODE);
    if (isHere) this.#meta.set(body, data);
  }
}

interface Body {
  readonly size: number;
  readonly place: number;
}

function unsupported(what: string): ImageError {
  return new ImageError('UNSUPPORTED', `EROFS cannot hold ${what}`);
}

/**
 * What a tar entry means in a layer (image-spec layer.md): whiteouts, opaque directories, paths inside the root. Where the
 * specification is silent, as containerd's archive.applyNaive does it, since that is what runs most images.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import { basename, cleanPath, dirname } from '../../base/path.ts';
import type { TarEntry } from '../../formats/tar/entry.ts';
import { type Blob, type Content, EMPTY_CONTENT, sliceContent } from '../content.ts';
import { type DirInfo, type FileNode, type Leaf, type Meta, metaInterner } from '../node.ts';
import { ClimbingNames } from './climbing.ts';
import type { LayerEntry } from './entry.ts';
import { AUFS_LINKS, AUFS_PREFIX, OPAQUE, WHITEOUT_PREFIX } from './whiteout.ts';

/** The largest id chown(2) accepts: the one above means "leave as it is". */
const MAX_ID = 2 ** 32 - 2;

/** Ids below this are interned by number, which is faster than by text. */
const SMALL_ID = 2 ** 20;

/** One for each layer: shares metadata between its entries. */
export class LayerInterpreter {
  /** Of what has been read so far. */
  readonly climbing = new ClimbingNames();
  readonly #blob: Blob;
  readonly #intern = metaInterner();
  readonly #common = new Map<number, Meta>();
  readonly #aufs = new Map<string, FileNode>();

  constructor(blob: Blob) {
    this.#blob = blob;
  }

  /** Undefined where the entry is nothing that stands in a tree. @throws ImageError INVALID, UNSUPPORTED */
  entry(from: TarEntry): LayerEntry | undefined {
    if (from.kind === 'global' || from.typeflag === 'V') return undefined;
    const path = this.#path(from.name);
    const name = basename(path);
    if (path.startsWith(`/${AUFS_PREFIX}`) && path !== `/${OPAQUE}`) return this.#bookkeeping(path, from);
    if (name.startsWith(WHITEOUT_PREFIX)) return whiteout(path, name, from);
    // Whatever resolves to the root but is no directory is passed over, as containerd does.
    if (path === '/' && from.kind !== 'dir') return undefined;
    if (from.kind === 'hardlink') return this.#hardlink(path, from);
    return { kind: 'node', path, node: this.#node(from) };
  }

  /** The one clean form; most names need no more than a slash in front. `..` that climbs out stays at the root. */
  #path(name: string): string {
    const end = name.endsWith('/') ? name.length - 1 : name.length;
    const start = name.startsWith('./') ? 2 : 0;
    const path = `/${name.slice(start, end)}`;
    if (!path.endsWith('/') && !path.includes('//') && !path.includes('/.')) return path;
    if (path.includes('/..')) this.climbing.look(name);
    return cleanPath(`/${name}`);
  }

  #node(from: TarEntry): Leaf | DirInfo {
    const meta = this.#meta(from);
    const { mtime, mtimeNs } = from;
    switch (from.kind) {
      case 'file':
        return { kind: 'file', meta, mtime, mtimeNs, link: undefined, content: this.#content(from) };
      case 'dir':
        return { kind: 'dir', meta, mtime, mtimeNs };
      case 'symlink':
        return { kind: 'symlink', meta, mtime, mtimeNs, link: undefined, target: targetOf(from) };
      case 'char':
      case 'block':
        return { kind: from.kind, meta, mtime, mtimeNs, link: undefined, major: from.major, minor: from.minor };
      case 'fifo':
        return { kind: 'fifo', meta, mtime, mtimeNs, link: undefined };
      default:
        throw broken('UNSUPPORTED', from, `has the type "${printableName(from.typeflag)}", which is no file`);
    }
  }

  #content(from: TarEntry): Content {
    if (from.size === 0) return EMPTY_CONTENT;
    if (from.extents === undefined) return sliceContent(this.#blob, from.body, from.size);
    return { kind: 'sparse', blob: this.#blob, size: from.size, extents: from.extents };
  }

  #hardlink(path: string, from: TarEntry): LayerEntry {
    const target = targetOf(from);
    const clean = cleanPath(`/${target}`);
    if (clean.startsWith(`/${AUFS_LINKS}/`)) {
      const node = this.#aufs.get(basename(clean));
      if (node === undefined) throw broken('INVALID', from, 'is a hard link to a file that is not in the layer');
      return { kind: 'node', path, node };
    }
    return { kind: 'hardlink', path, target, meta: this.#meta(from), mtime: from.mtime, mtimeNs: from.mtimeNs };
  }

  /** AUFS left its own files in layers of old; hard-linked files have their bytes among them. */
  #bookkeeping(path: string, from: TarEntry): undefined {
    if (dirname(path) !== `/${AUFS_LINKS}` || from.kind !== 'file') return;
    this.#aufs.set(basename(path), { ...(this.#node(from) as FileNode), link: { link: true } });
  }

  #meta(from: TarEntry): Meta {
    const { uid, gid, xattrs } = from;
    const mode = from.mode & 0o7777;
    if (!(uid >= 0 && uid <= MAX_ID && gid >= 0 && gid <= MAX_ID)) {
      throw broken('INVALID', from, `has the impossible owner ${uid}:${gid}`);
    }
    if (xattrs !== undefined || uid >= SMALL_ID || gid >= SMALL_ID) return this.#intern({ mode, uid, gid, xattrs });
    const key = (uid * SMALL_ID + gid) * 4096 + mode;
    let meta = this.#common.get(key);
    if (meta === undefined) {
      meta = { mode, uid, gid };
      this.#common.set(key, meta);
    }
    return meta;
  }
}

function whiteout(path: string, name: string, from: TarEntry): LayerEntry {
  const dir = dirname(path);
  if (name === OPAQUE) return { kind: 'opaque', path: dir };
  const hidden = name.slice(WHITEOUT_PREFIX.length);
  if (hidden === '' || hidden === '.' || hidden === '..') {
    throw broken('INVALID', from, 'is a whiteout that names no entry of its directory');
  }
  return { kind: 'whiteout', path: dir === '/' ? `/${hidden}` : `${dir}/${hidden}` };
}

function targetOf(from: TarEntry): string {
  if (from.linkname === '') throw broken('INVALID', from, 'is a link without a target');
  return from.linkname;
}

function broken(code: 'INVALID' | 'UNSUPPORTED', from: TarEntry, what: string): ImageError {
  return new ImageError(
    code,
    `layer: "${printableName(from.name.slice(0, 200))}" ${what} (tar entry at byte ${from.start})`,
  );
}

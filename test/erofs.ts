/**
 * A reader of EROFS images as pare writes them, after the kernel's on-disk format alone and with nothing of the writer's: uncompressed, with
 * extended inodes.
 * @module
 */
import { decodeName } from '../src/base/names.ts';
import { bytesContent } from '../src/model/content.ts';
import type { Dir, Leaf, LinkToken, Node } from '../src/model/node.ts';
import type { Tree } from '../src/model/tree.ts';

const XATTR_PREFIXES: Readonly<Record<number, string>> = {
  1: 'user.',
  2: 'system.posix_acl_access',
  3: 'system.posix_acl_default',
  4: 'trusted.',
  6: 'security.',
};

interface Inode {
  readonly nid: number;
  readonly type: number;
  readonly common: Pick<Dir, 'meta' | 'mtime' | 'mtimeNs'>;
  readonly links: number;
  readonly device: { readonly major: number; readonly minor: number };
  readonly data: Buffer;
}

class Reader {
  readonly #image: Buffer;
  readonly #devices: readonly Buffer[];
  readonly #block: number;
  readonly #links = new Map<number, LinkToken>();
  readonly names = new Map<number, number>();

  constructor(image: Buffer, devices: readonly Buffer[]) {
    if (image.readUInt32LE(1024) !== 0xe0f5e1e2) throw new Error('no EROFS image');
    this.#image = image;
    this.#devices = devices;
    this.#block = 1 << image.readUInt8(1024 + 12);
  }

  /** Of blocks that are counted through the image and its devices. */
  #bytes(block: number, size: number): Buffer {
    const table = this.#image.readUInt16LE(1024 + 88) * 128;
    const found = this.#devices.findIndex((_, i) => {
      const start = this.#image.readUInt32LE(table + i * 128 + 68);
      return block >= start && block < start + this.#image.readUInt32LE(table + i * 128 + 64);
    });
    const from = found < 0 ? 0 : this.#image.readUInt32LE(table + found * 128 + 68);
    const at = (block - from) * this.#block;
    return (this.#devices[found] ?? this.#image).subarray(at, at + size);
  }

  inode(nid: number): Inode {
    const image = this.#image;
    const at = image.readUInt32LE(1024 + 40) * this.#block + nid * 32;
    const format = image.readUInt16LE(at);
    const count = image.readUInt16LE(at + 2);
    const type = image.readUInt16LE(at + 4) >> 12;
    const xattrs = count === 0 ? 0 : 12 + (count - 1) * 4;
    const behind = at + 64 + xattrs;
    const size = Number(image.readBigUInt64LE(at + 8));
    const place = image.readUInt32LE(at + 16);
    if ((format & 1) !== 1 || ![0, 2].includes(format >> 1)) throw new Error(`inode ${nid}: format ${format}`);
    const isBehind = format >> 1 === 2;
    if (isBehind && (behind % this.#block) + size > this.#block) throw new Error(`inode ${nid}: data cross a block`);
    const hasData = [4, 8, 10].includes(type);
    return {
      nid,
      type,
      links: image.readUInt32LE(at + 44),
      common: {
        meta: {
          mode: image.readUInt16LE(at + 4) & 0o7777,
          uid: image.readUInt32LE(at + 24),
          gid: image.readUInt32LE(at + 28),
          ...(count === 0 ? {} : { xattrs: this.#xattrs(image.subarray(at + 64 + 12, behind)) }),
        },
        mtime: Number(image.readBigInt64LE(at + 32)),
        mtimeNs: image.readUInt32LE(at + 40),
      },
      device: { major: (place >> 8) & 0xfff, minor: (place & 0xff) | ((place >>> 12) & 0xfff00) },
      data: isBehind ? image.subarray(behind, behind + size) : this.#bytes(hasData ? place : 0, size),
    };
  }

  #xattrs(entries: Buffer): ReadonlyMap<string, Uint8Array> {
    const found = new Map<string, Uint8Array>();
    for (let at = 0; at < entries.length; ) {
      const [length, index, size] = [entries.readUInt8(at), entries.readUInt8(at + 1), entries.readUInt16LE(at + 2)];
      const name = XATTR_PREFIXES[index] + decodeName(entries.subarray(at + 4, at + 4 + length));
      found.set(name, entries.subarray(at + 4 + length, at + 4 + length + size));
      at += Math.ceil((4 + length + size) / 4) * 4;
    }
    return found;
  }

  /** Names with what they name; throws where they are not in order of their bytes, as the kernel looks for them. */
  entries({ data, nid }: Inode): readonly { readonly name: string; readonly nid: number; readonly type: number }[] {
    const found: { raw: Buffer; nid: number; type: number }[] = [];
    for (let at = 0; at < data.length; at += this.#block) {
      const block = data.subarray(at, at + this.#block);
      const count = block.readUInt16LE(8) / 12;
      for (let i = 0; i < count; i++) {
        const start = block.readUInt16LE(i * 12 + 8);
        const end = i + 1 < count ? block.readUInt16LE(i * 12 + 20) : block.length;
        const padded = block.subarray(start, end);
        const raw = padded.subarray(0, padded.indexOf(0) < 0 ? padded.length : padded.indexOf(0));
        found.push({ raw, nid: Number(block.readBigUInt64LE(i * 12)), type: block.readUInt8(i * 12 + 10) });
      }
    }
    for (const [i, { raw }] of found.entries()) {
      if (i > 0 && Buffer.compare(found[i - 1]!.raw, raw) >= 0) throw new Error(`directory ${nid} is not in order`);
    }
    return found.map(({ raw, ...rest }) => ({ name: decodeName(raw), ...rest }));
  }

  dir(inode: Inode, parent: number): Dir {
    const entries = this.entries(inode);
    for (const [name, nid] of [
      ['.', inode.nid],
      ['..', parent],
    ] as const) {
      if (entries.find((entry) => entry.name === name)?.nid !== nid) throw new Error(`${name} of ${inode.nid}`);
    }
    const own = entries.filter(({ name }) => name !== '.' && name !== '..').sort((a, b) => (a.name < b.name ? -1 : 1));
    const nodes = own.map(({ nid, type }) => this.#node(this.inode(nid), type, inode.nid));
    const subdirs = nodes.filter(({ kind }) => kind === 'dir').length;
    if (inode.links !== subdirs + 2) throw new Error(`directory ${inode.nid} has ${inode.links} links`);
    return { kind: 'dir', ...inode.common, names: own.map(({ name }) => name), nodes };
  }

  #node(inode: Inode, listed: number, parent: number): Node {
    const kind = ({ 1: 'fifo', 2: 'char', 4: 'dir', 6: 'block', 8: 'file', 10: 'symlink' } as const)[inode.type];
    const said = ({ 1: 'file', 2: 'dir', 3: 'char', 4: 'block', 5: 'fifo', 7: 'symlink' } as const)[listed];
    if (kind === undefined || kind !== said) throw new Error(`inode ${inode.nid} is ${kind}, and listed as ${said}`);
    return kind === 'dir' ? this.dir(inode, parent) : this.#leaf(inode, kind);
  }

  #leaf({ nid, common, links, data, device }: Inode, kind: Leaf['kind']): Leaf {
    this.names.set(nid, (this.names.get(nid) ?? 0) + 1);
    const link = links < 2 ? undefined : (this.#links.get(nid) ?? { link: true });
    if (link !== undefined) this.#links.set(nid, link);
    switch (kind) {
      case 'file':
        return { kind, ...common, link, content: bytesContent(Buffer.from(data)) };
      case 'symlink':
        return { kind, ...common, link, target: decodeName(data) };
      case 'fifo':
        return { kind, ...common, link };
      default:
        return { kind, ...common, link, ...device };
    }
  }
}

/** Its contents as bytes. @throws Error for an image that the kernel would not read as it was meant */
export function readErofs(image: Buffer, devices: readonly Buffer[] = []): Tree {
  const reader = new Reader(image, devices);
  const root = reader.inode(image.readUInt16LE(1024 + 14));
  const tree = { root: reader.dir(root, root.nid) };
  for (const [nid, count] of reader.names) {
    if (reader.inode(nid).links !== count) throw new Error(`inode ${nid} has ${count} names and says something else`);
  }
  return tree;
}

/**
 * The entries of a layer in a file: what scanning its tar found, so that the next look need not scan. Written and read by one
 * version of pare only; another version, or a file that is not whole, counts as absent.
 * @module
 */
import { crc32 } from 'node:zlib';
import { assertNever } from '../base/assert.ts';
import { type Blob, type Content, EMPTY_CONTENT } from '../model/content.ts';
import type { HardlinkEntry, LayerEntry, NodeEntry } from '../model/layer/entry.ts';
import type { DirInfo, Leaf, LinkToken, Meta } from '../model/node.ts';
import { ByteReader, ByteWriter } from './varint.ts';

/** Changes with anything in this file, and with what the scanner finds. */
const MAGIC = Buffer.from('pare entries 1\n');
/** Behind the magic: CRC-32 of everything that follows. */
const HEAD = MAGIC.length + 4;

const KINDS = ['file', 'dir', 'symlink', 'char', 'block', 'fifo', 'hardlink', 'whiteout', 'opaque'] as const;
type Kind = (typeof KINDS)[number];
const CONTENTS = ['empty', 'slice', 'sparse'] as const;

/** What is said of the layer beside its entries. */
export interface EntryHeader {
  /** The system start in which the bytes of the layer were written: see `boot.ts`. */
  readonly boot: string;
  /** Bytes of the uncompressed tar. */
  readonly size: number;
}

/** Takes entries as they are found, and keeps them in few bytes. */
export class EntryWriter {
  readonly #body = new ByteWriter();
  readonly #encoder = new Encoder(this.#body);
  #count = 0;

  add(entry: LayerEntry): void {
    this.#encoder.entry(entry);
    this.#count++;
  }

  /** The whole file. */
  done({ boot, size }: EntryHeader): Buffer {
    const start = new ByteWriter();
    start.name(boot);
    start.number(size);
    start.number(this.#count);
    const body = Buffer.concat([start.done(), this.#body.done()]);
    const head = Buffer.alloc(HEAD);
    MAGIC.copy(head);
    head.writeUInt32LE(crc32(body), MAGIC.length);
    return Buffer.concat([head, body]);
  }
}

export interface StoredEntries {
  readonly header: EntryHeader;
  /** Made anew from the bytes each time they are asked for: all of them at once take many times as much memory. */
  readonly entries: Iterable<LayerEntry>;
}

/** Undefined for what another version wrote, or what is not whole. @param blob what contents are slices of */
export function decodeEntries(bytes: Buffer, blob: Blob): StoredEntries | undefined {
  if (bytes.length < HEAD || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (crc32(bytes.subarray(HEAD)) !== bytes.readUInt32LE(MAGIC.length)) return undefined;
  return {
    header: headerOf(new ByteReader(bytes, HEAD)),
    entries: { [Symbol.iterator]: () => entriesIn(new ByteReader(bytes, HEAD), blob) },
  };
}

function headerOf(reader: ByteReader): EntryHeader {
  return { boot: reader.name(), size: reader.number() };
}

function* entriesIn(reader: ByteReader, blob: Blob): Generator<LayerEntry> {
  headerOf(reader);
  const decoder = new Decoder(reader, blob);
  for (let left = reader.number(); left > 0; left--) yield decoder.entry();
}

class Encoder {
  readonly #out: ByteWriter;
  readonly #metas = new Map<Meta, number>();
  readonly #links = new Map<LinkToken, number>();
  #path = '';
  #mtime = 0;
  #end = 0;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  entry(entry: LayerEntry): void {
    const kind: Kind = entry.kind === 'node' ? entry.node.kind : entry.kind;
    this.#out.number(KINDS.indexOf(kind));
    this.#pathOf(entry.path);
    if (entry.kind === 'node') this.#node(entry.node);
    else if (entry.kind === 'hardlink') {
      this.#common(entry);
      this.#out.name(entry.target);
    }
  }

  /** As far as directories go, what it has in common with the path before is not repeated. */
  #pathOf(path: string): void {
    const limit = Math.min(path.length, this.#path.length);
    let shared = 0;
    for (let i = 0; i < limit && path.charCodeAt(i) === this.#path.charCodeAt(i); i++) {
      if (path.charCodeAt(i) === 0x2f) shared = i + 1;
    }
    this.#out.number(shared);
    this.#out.name(path.slice(shared));
    this.#path = path;
  }

  #common({ meta, mtime, mtimeNs }: Pick<HardlinkEntry, 'meta' | 'mtime' | 'mtimeNs'>): void {
    const known = this.#metas.get(meta);
    this.#out.number(known ?? this.#metas.size);
    if (known === undefined) {
      this.#metas.set(meta, this.#metas.size);
      this.#meta(meta);
    }
    this.#out.signed(mtime - this.#mtime);
    this.#out.number(mtimeNs);
    this.#mtime = mtime;
  }

  #meta({ mode, uid, gid, xattrs }: Meta): void {
    for (const number of [mode, uid, gid, xattrs?.size ?? 0]) this.#out.number(number);
    for (const [name, value] of xattrs ?? []) {
      this.#out.name(name);
      this.#out.raw(value);
    }
  }

  #node(node: Leaf | DirInfo): void {
    this.#common(node);
    if (node.kind === 'dir') return;
    this.#link(node.link);
    if (node.kind === 'file') this.#content(node.content);
    else if (node.kind === 'symlink') this.#out.name(node.target);
    else if (node.kind !== 'fifo') {
      this.#out.number(node.major);
      this.#out.number(node.minor);
    }
  }

  #link(link: LinkToken | undefined): void {
    const known = link === undefined ? 0 : (this.#links.get(link) ?? this.#links.size + 1);
    if (link !== undefined) this.#links.set(link, known);
    this.#out.number(known);
  }

  #content(content: Content): void {
    if (content.kind === 'bytes') {
      if (content.size > 0) throw new Error('bug: a layer that was read refers to bytes in memory');
      this.#out.number(CONTENTS.indexOf('empty'));
      return;
    }
    this.#out.number(CONTENTS.indexOf(content.kind));
    this.#out.number(content.size);
    if (content.kind === 'slice') {
      this.#offset(content.offset, content.size);
      return;
    }
    this.#out.number(content.extents.length);
    for (const { at, offset, size } of content.extents) {
      this.#out.number(at);
      this.#out.number(size);
      this.#offset(offset, size);
    }
  }

  /** From the end of the content before: headers and padding, which is little. */
  #offset(offset: number, size: number): void {
    this.#out.signed(offset - this.#end);
    this.#end = offset + size;
  }
}

class Decoder {
  readonly #in: ByteReader;
  readonly #blob: Blob;
  readonly #metas: Meta[] = [];
  readonly #links: LinkToken[] = [];
  #path = '';
  #mtime = 0;
  #end = 0;

  constructor(reader: ByteReader, blob: Blob) {
    this.#in = reader;
    this.#blob = blob;
  }

  entry(): LayerEntry {
    const kind = KINDS[this.#in.number()] as Kind;
    const path = this.#path.slice(0, this.#in.number()) + this.#in.name();
    this.#path = path;
    if (kind === 'whiteout' || kind === 'opaque') return { kind, path };
    const meta = this.#meta();
    const mtime = this.#mtime + this.#in.signed();
    const mtimeNs = this.#in.number();
    this.#mtime = mtime;
    if (kind === 'hardlink') return { kind, path, target: this.#in.name(), meta, mtime, mtimeNs };
    return { kind: 'node', path, node: this.#node(kind, meta, mtime, mtimeNs) };
  }

  #meta(): Meta {
    const index = this.#in.number();
    const known = this.#metas[index];
    if (known !== undefined) return known;
    const [mode, uid, gid, count] = [this.#in.number(), this.#in.number(), this.#in.number(), this.#in.number()];
    const xattrs = new Map<string, Uint8Array>();
    for (let i = 0; i < count; i++) xattrs.set(this.#in.name(), Uint8Array.from(this.#in.raw()));
    const meta = count === 0 ? { mode, uid, gid } : { mode, uid, gid, xattrs };
    this.#metas[index] = meta;
    return meta;
  }

  #node(
    kind: Exclude<Kind, 'hardlink' | 'whiteout' | 'opaque'>,
    meta: Meta,
    mtime: number,
    mtimeNs: number,
  ): NodeEntry['node'] {
    if (kind === 'dir') return { kind, meta, mtime, mtimeNs };
    const link = this.#link();
    switch (kind) {
      case 'file':
        return { kind, meta, mtime, mtimeNs, link, content: this.#content() };
      case 'symlink':
        return { kind, meta, mtime, mtimeNs, link, target: this.#in.name() };
      case 'char':
      case 'block':
        return { kind, meta, mtime, mtimeNs, link, major: this.#in.number(), minor: this.#in.number() };
      case 'fifo':
        return { kind, meta, mtime, mtimeNs, link };
      default:
        return assertNever(kind);
    }
  }

  #link(): LinkToken | undefined {
    const index = this.#in.number();
    if (index === 0) return undefined;
    this.#links[index] ??= { link: true };
    return this.#links[index];
  }

  #content(): Content {
    const kind = CONTENTS[this.#in.number()];
    if (kind === 'empty') return EMPTY_CONTENT;
    const size = this.#in.number();
    if (kind === 'slice') return { kind, blob: this.#blob, offset: this.#offset(size), size };
    const extents: { at: number; offset: number; size: number }[] = [];
    for (let left = this.#in.number(); left > 0; left--) {
      const at = this.#in.number();
      const stored = this.#in.number();
      extents.push({ at, offset: this.#offset(stored), size: stored });
    }
    return { kind: 'sparse', blob: this.#blob, size, extents };
  }

  #offset(size: number): number {
    const offset = this.#end + this.#in.signed();
    this.#end = offset + size;
    return offset;
  }
}

/**
 * A layer's tar that goes by, taken apart: what the table of contents of a chunked layer speaks of, and the bytes that go into
 * compressed pieces of their own.
 * @module
 */
import { type Digest, Digester, digestOf } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { cleanPath } from '../../base/path.ts';
import type { TarEntry } from '../tar/entry.ts';
import { TarStream } from '../tar/stream.ts';
import type { Cutter } from './cutter.ts';
import { assertDescribable } from './describable.ts';

/** In archive order: `entry`, its `chunk`s, its `content`; then the next entry; at last `end`. */
export type Part =
  | {
      readonly kind: 'entry';
      readonly entry: TarEntry;
      /** What precedes its content: padding of the entry before, extended headers, the header. */
      readonly head: Buffer;
    }
  | {
      readonly kind: 'chunk';
      readonly bytes: Buffer;
      /** In the file. */
      readonly at: number;
      readonly digest: Digest;
      readonly zeros: boolean;
    }
  /** A file is at its end; absent of what has no bytes. */
  | { readonly kind: 'content'; readonly digest: Digest }
  /** What follows the last content: padding, the end of the archive, and whatever stands behind it. */
  | { readonly kind: 'end'; readonly bytes: Buffer; readonly padding: number };

export interface CutOptions {
  readonly cutter: Cutter;
  /** An entry of this name ends the archive: what is there from it on is left out. */
  readonly until?: string;
  readonly signal?: AbortSignal | undefined;
}

/** What may follow the end of the archive, in bytes: it is kept in memory. */
const LARGEST_END = 64 * 1024 * 1024;

/**
 * @throws ImageError INVALID for a broken tar; UNSUPPORTED for what a table of contents cannot describe; LIMIT
 */
export async function* cutTar(bytes: AsyncIterable<Uint8Array>, options: CutOptions): AsyncGenerator<Part> {
  const tar = new TarStream();
  const names = new Set<string>();
  const state = new Cutting(options);
  for await (const piece of bytes) {
    options.signal?.throwIfAborted();
    for (const entry of tar.push(piece)) {
      yield* state.upTo(piece, entry.body);
      if (cleanPath(`/${entry.name}`) === options.until) {
        yield* state.cutShort(entry);
        return;
      }
      assertDescribable(entry, names);
      yield state.enter(entry);
    }
    yield* state.upTo(piece, state.at + piece.length);
    state.at += piece.length;
  }
  tar.end();
  yield* state.end();
}

class Cutting {
  /** Offset of the piece in the archive. */
  at = 0;
  readonly #options: CutOptions;
  /** Offset of what comes next. */
  #position = 0;
  /** Where the content ends that is going by. */
  #bodyEnd = 0;
  #padding = 0;
  #raw: Buffer[] = [];
  #rawSize = 0;
  #file = new FileDigest();

  constructor(options: CutOptions) {
    this.#options = options;
  }

  /** Takes what the piece has up to an offset of the archive. */
  *upTo(piece: Uint8Array, end: number): Generator<Part> {
    const until = Math.min(this.#bodyEnd, end);
    if (this.#position < until) {
      const content = piece.subarray(this.#position - this.at, until - this.at);
      for (const chunk of this.#options.cutter.push(content)) yield this.#file.part(chunk);
      this.#position = until;
      if (until === this.#bodyEnd) yield* this.#endOfContent();
    }
    if (this.#position < end) {
      this.#keep(piece.subarray(this.#position - this.at, end - this.at));
      this.#position = end;
    }
  }

  enter(entry: TarEntry): Part {
    this.#bodyEnd = entry.body + entry.stored;
    this.#padding = entry.end - this.#bodyEnd;
    return { kind: 'entry', entry, head: this.#taken() };
  }

  *end(): Generator<Part> {
    yield { kind: 'end', bytes: this.#taken(), padding: this.#padding };
  }

  /** The end, before an entry that is left out. */
  *cutShort(entry: TarEntry): Generator<Part> {
    const bytes = this.#taken();
    yield { kind: 'end', bytes: bytes.subarray(0, bytes.length - (entry.body - entry.start)), padding: this.#padding };
  }

  *#endOfContent(): Generator<Part> {
    for (const chunk of this.#options.cutter.end()) yield this.#file.part(chunk);
    yield { kind: 'content', digest: this.#file.digest() };
    this.#file = new FileDigest();
  }

  #keep(piece: Uint8Array): void {
    this.#raw.push(Buffer.from(piece));
    this.#rawSize += piece.length;
    if (this.#rawSize <= LARGEST_END) return;
    throw new ImageError('LIMIT', `a layer has more than ${LARGEST_END} bytes behind the end of its archive`, {
      hint: 'use a compression that is not chunked: gzip or zstd',
    });
  }

  #taken(): Buffer {
    const bytes = Buffer.concat(this.#raw);
    this.#raw = [];
    this.#rawSize = 0;
    return bytes;
  }
}

/** Digests of a file and of its chunks; one that is a single chunk is hashed once. */
class FileDigest {
  #at = 0;
  #only: { readonly digest: Digest; readonly bytes: Buffer } | undefined;
  #digester: Digester | undefined;

  part({ bytes, zeros }: { readonly bytes: Buffer; readonly zeros: boolean }): Part {
    const digest = digestOf(bytes);
    const at = this.#at;
    this.#at += bytes.length;
    if (at === 0) {
      this.#only = { digest, bytes };
    } else {
      this.#digester ??= this.#begun();
      this.#digester.update(bytes);
    }
    return { kind: 'chunk', bytes, at, digest, zeros };
  }

  digest(): Digest {
    return this.#digester?.digest() ?? this.#only?.digest ?? digestOf('');
  }

  #begun(): Digester {
    const digester = new Digester();
    if (this.#only !== undefined) digester.update(this.#only.bytes);
    this.#only = undefined;
    return digester;
  }
}

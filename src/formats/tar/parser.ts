/**
 * The state of reading a tar archive, apart from where its bytes come from: it says which bytes it wants next, is given
 * them, and makes entries of them. It never wants a file's body. `scan.ts` and `stream.ts` drive it.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { buildEntry, type EntryParts } from './build.ts';
import { Context } from './context.ts';
import { GLOBAL_HEADER, type TarEntry } from './entry.ts';
import { shownName, tarError } from './errors.ts';
import { BLOCK, checksumHolds, FIELD, isZeroBlock, numberField, textBetween, type Window, windowOf } from './header.ts';
import { TAR_LIMITS, type TarLimits } from './limits.ts';
import { type PaxRecords, parsePax } from './pax.ts';
import { MapReader, placeExtents, readOldExtension } from './sparse.ts';

export interface TarOptions {
  readonly limits?: TarLimits;
  /**
   * What global PAX headers mean for the entries behind them: `apply`, as POSIX says and GNU tar does (the default), or
   * `ignore`, as Go's archive/tar does and so every container engine.
   */
  readonly globals?: 'apply' | 'ignore';
  /** Size of the archive where it is known: a body that goes beyond it is refused at once, else only at the end. */
  readonly size?: number;
}

type State =
  | { readonly kind: 'header' }
  | { readonly kind: 'meta'; readonly typeflag: number }
  | { readonly kind: 'old-sparse'; readonly parts: EntryParts }
  | { readonly kind: 'sparse-map'; readonly parts: EntryParts; readonly reader: MapReader; readonly from: number }
  | { readonly kind: 'end' };

const HEADER: State = { kind: 'header' };
const END: State = { kind: 'end' };

const [X, X_SOLARIS, G, LONG_NAME, LONG_LINK] = [...'xXgLK'].map((c) => c.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
  number,
];

export class TarParser {
  /** The bytes wanted next: `length` of them from `offset`. None are wanted once {@link done}. */
  offset = 0;
  length = BLOCK;

  readonly #limits: TarLimits;
  readonly #applyGlobals: boolean;
  readonly #size: number;
  #state: State = HEADER;
  readonly #context = new Context();
  #source: Uint8Array | undefined;
  #window: Window = windowOf(new Uint8Array(0));
  #zeroBlock = false;
  #entries = 0;
  #extents = 0;
  /** Of the entry being read, and of the one before: its name and where its body ends. */
  #name = '';
  #lastName = '';
  #bodyEnd = 0;

  constructor(options: TarOptions = {}) {
    this.#limits = options.limits ?? TAR_LIMITS;
    this.#applyGlobals = options.globals !== 'ignore';
    this.#size = options.size ?? Number.MAX_SAFE_INTEGER - BLOCK;
  }

  get done(): boolean {
    return this.#state === END;
  }

  /**
   * Takes the bytes that were wanted, which lie in `bytes` from `at`, and gives the entry they complete, if any.
   * @throws ImageError INVALID, LIMIT, UNSUPPORTED
   */
  take(bytes: Uint8Array, at: number): TarEntry | undefined {
    const state = this.#state;
    if (bytes !== this.#source) {
      this.#source = bytes;
      this.#window = windowOf(bytes);
    }
    try {
      switch (state.kind) {
        case 'header':
          return this.#header(this.#window, at);
        case 'meta':
          return this.#meta(state.typeflag, this.#window.bytes.subarray(at, at + this.length));
        case 'old-sparse':
          return this.#oldExtension(state.parts, bytes, at);
        case 'sparse-map':
          return this.#sparseMap(state, bytes, at);
        case 'end':
          throw new Error('bug: bytes behind the end of an archive');
      }
    } catch (error) {
      throw error instanceof ImageError ? tarError(error.code, error.message, this.#context.start, this.#name) : error;
    }
  }

  /**
   * Says that the archive ends at `size`, before the bytes wanted next. Missing end blocks are accepted, as Go and Docker do,
   * and missing padding; anything else that is missing is an error.
   */
  end(size: number): void {
    if (this.#state === END) return;
    if (size < this.#bodyEnd) {
      const what = `ends after ${size} bytes, inside the contents of "${shownName(this.#lastName)}"`;
      throw tarError('INVALID', what, this.#context.start);
    }
    const pending = this.#state !== HEADER || this.offset !== this.#context.start + (this.#zeroBlock ? BLOCK : 0);
    if (pending || size > this.offset) {
      throw tarError('INVALID', `ends after ${size} bytes, inside a header`, this.#context.start);
    }
    this.#state = END;
  }

  #header(window: Window, at: number): TarEntry | undefined {
    const block = window.bytes;
    if (block[at] === 0 && isZeroBlock(block, at)) return this.#zero();
    if (this.#zeroBlock) throw new ImageError('INVALID', 'data behind a single block of zeros');
    if (!checksumHolds(window, at)) throw new ImageError('INVALID', 'header checksum does not match: not a tar header');
    const typeflag = block[at + FIELD.typeflag[0]] as number;
    if (isMeta(typeflag)) return this.#expectMeta(typeflag, numberField(block, at, FIELD.size));
    const parts = buildEntry(block, at, this.#context);
    this.offset += BLOCK;
    this.#name = parts.entry.name;
    const more = parts.sparse?.more ?? 'none';
    if (more === 'none') return this.#finish(parts, parts.stored);
    this.#state =
      more === 'map'
        ? { kind: 'sparse-map', parts, reader: new MapReader(), from: this.offset }
        : { kind: 'old-sparse', parts };
    return undefined;
  }

  #zero(): undefined {
    if (this.#context.pending) throw new ImageError('INVALID', 'ends behind an extended header');
    this.offset += BLOCK;
    if (this.#zeroBlock) this.#state = END;
    this.#zeroBlock = true;
  }

  #expectMeta(typeflag: number, size: number): undefined {
    if (!(size >= 0)) throw new ImageError('INVALID', 'malformed size of an extended header');
    if (size > this.#limits.extendedHeader) {
      throw new ImageError('LIMIT', `extended header of ${size} bytes (limit ${this.#limits.extendedHeader})`);
    }
    this.offset += BLOCK;
    this.length = size;
    this.#state = { kind: 'meta', typeflag };
  }

  #meta(typeflag: number, bytes: Buffer): TarEntry | undefined {
    const body = this.offset;
    this.offset = padded(body + bytes.length);
    this.length = BLOCK;
    this.#state = HEADER;
    // A copy of its own: what is kept of it must not keep a large buffer alive, nor change with one that is used again.
    if (typeflag === LONG_NAME) this.#context.longName = textBetween(bytes, 0, bytes.length);
    else if (typeflag === LONG_LINK) this.#context.longLink = textBetween(bytes, 0, bytes.length);
    else {
      const records = parsePax(Uint8Array.from(bytes));
      if (typeflag === G) return this.#global(records, body, bytes.length);
      this.#context.records = records;
    }
    return undefined;
  }

  #global(records: PaxRecords, body: number, stored: number): TarEntry {
    const context = this.#context;
    if (this.#applyGlobals) context.globals = new Map([...(context.globals ?? []), ...records]);
    if ((context.globals?.size ?? 0) > this.#limits.globalRecords) {
      throw new ImageError('LIMIT', `more than ${this.#limits.globalRecords} global PAX records`);
    }
    const { start } = context;
    this.#next();
    return { ...GLOBAL_HEADER, records, start, body, stored, end: this.offset };
  }

  #oldExtension(parts: EntryParts, block: Uint8Array, at: number): TarEntry | undefined {
    const map = parts.sparse?.map ?? [];
    const more = readOldExtension(block, at, map);
    this.offset += BLOCK;
    this.#checkExtents(map.length / 2);
    return more ? undefined : this.#finish(parts, parts.stored);
  }

  #sparseMap(
    { parts, reader, from }: Extract<State, { kind: 'sparse-map' }>,
    block: Uint8Array,
    at: number,
  ): TarEntry | undefined {
    const complete = reader.take(block, at);
    this.offset += BLOCK;
    this.#checkExtents(Math.max(reader.announced, reader.map.length) / 2);
    if (!complete) return undefined;
    for (const number of reader.map) parts.sparse?.map.push(number);
    // The map counts as part of what is stored.
    return this.#finish(parts, parts.stored - (this.offset - from));
  }

  #checkExtents(count: number): void {
    if (this.#extents + count > this.#limits.extents) {
      throw new ImageError('LIMIT', `sparse files of more than ${this.#limits.extents} pieces`);
    }
  }

  /** The headers are complete; what lies at `offset` is the body. */
  #finish({ entry, sparse }: EntryParts, stored: number): TarEntry {
    const body = this.offset;
    if (!(stored >= 0)) throw new ImageError('INVALID', 'the map of a sparse file is longer than its data');
    if (body + stored > this.#size) {
      throw new ImageError('INVALID', `an entry of ${stored} bytes goes beyond the end of the archive`);
    }
    if (++this.#entries > this.#limits.entries) {
      throw new ImageError('LIMIT', `more than ${this.#limits.entries} entries`);
    }
    entry.body = body;
    entry.stored = stored;
    if (sparse !== undefined) {
      this.#checkExtents(sparse.map.length / 2);
      entry.extents = placeExtents(sparse.map, entry.size, body, stored);
      this.#extents += entry.extents.length;
    }
    this.#lastName = entry.name;
    this.#bodyEnd = body + stored;
    entry.end = padded(this.#bodyEnd);
    this.offset = entry.end;
    this.#next();
    return entry;
  }

  #next(): void {
    this.#context.next(this.offset);
    this.#state = HEADER;
    this.#name = '';
  }
}

function isMeta(typeflag: number): boolean {
  return typeflag === X || typeflag === LONG_NAME || typeflag === LONG_LINK || typeflag === G || typeflag === X_SOLARIS;
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

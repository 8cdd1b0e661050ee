/** The table of contents of a chunked layer, in the making: `{"version":1,"entries":[…]}`, as Google's CRFS began it. @module */
import type { Digest } from '../../base/digest.ts';
import type { TarEntry, TarKind } from '../tar/entry.ts';
import type { Time } from '../tar/pax.ts';
import type { About } from './jobs.ts';
import type { Placed } from './ordered.ts';

/** A file and where its chunks lie. */
export interface WrittenEntry {
  readonly entry: TarEntry;
  /** In order; none of what has no content. */
  readonly chunks: readonly WrittenChunk[];
  /** Of the content. */
  readonly digest: Digest | undefined;
}

export interface WrittenChunk {
  /** In the file. */
  readonly at: number;
  readonly size: number;
  readonly digest: Digest;
  readonly zeros: boolean;
  /** In the blob: where its compressed bytes begin, and where they end. */
  readonly offset: number;
  readonly end: number;
}

/** The names that both formats have for the types. */
export const TOC_TYPES: Readonly<Record<TarKind, string>> = {
  file: 'reg',
  dir: 'dir',
  symlink: 'symlink',
  hardlink: 'hardlink',
  char: 'char',
  block: 'block',
  fifo: 'fifo',
  global: '',
  other: '',
};

export class TocWriter {
  readonly #describe: (written: WrittenEntry) => readonly object[];
  readonly #write: (json: string) => void;
  #current: { entry: TarEntry; chunks: WrittenChunk[]; digest: Digest | undefined } | undefined;
  #entries = 0;

  /**
   * @param describe an entry as JSON values, in the order in which they are to stand
   * @param write takes the document's text piece by piece
   */
  constructor(describe: (written: WrittenEntry) => readonly object[], write: (json: string) => void) {
    this.#describe = describe;
    this.#write = write;
    write('{"version":1,"entries":[');
  }

  /** Takes what comes out of the compressor, in order. */
  add({ about, size, offset, end }: Placed<About>): void {
    switch (about.kind) {
      case 'entry':
        this.#flush();
        this.#current = { entry: about.entry, chunks: [], digest: undefined };
        break;
      case 'chunk': {
        const { at, digest, zeros } = about;
        this.#current?.chunks.push({ at, size, digest, zeros, offset, end });
        break;
      }
      case 'content':
        if (this.#current !== undefined) this.#current.digest = about.digest;
        break;
      case 'heads':
    }
  }

  /** @param more of the document's own fields, as `,"name":…` */
  end(more = ''): void {
    this.#flush();
    this.#write(`]${more}}`);
  }

  #flush(): void {
    if (this.#current === undefined) return;
    for (const value of this.#describe(this.#current)) {
      this.#write(`${this.#entries++ === 0 ? '' : ','}${JSON.stringify(value)}`);
    }
    this.#current = undefined;
  }
}

/** RFC 3339, in UTC, of the years 0 to 9999; whole seconds without a fraction, else as many digits as needed up to nine. */
export function rfc3339({ seconds, nanoseconds }: Time): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  const fraction = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`;
  return `${whole}${fraction}Z`;
}

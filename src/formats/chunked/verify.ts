/** Whether a table of contents says the same as the tar it speaks of. @module */
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import type { TarEntry } from '../tar/entry.ts';
import { cutTar, type Part } from './cut.ts';
import { type Chunk, type Cutter, withRoom } from './cutter.ts';
import type { Toc, TocEntry } from './toc.ts';
import { TOC_TYPES } from './toc-writer.ts';

export interface VerifyOptions {
  /** Names that the table may have in addition: eStargz's landmarks, behind the end of the archive. */
  readonly besides: ReadonlySet<string>;
  /** The table's own name in the tar, where it stands there. */
  readonly until?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Chunks are compared as a whole: more bytes than this are not kept for it. */
const LARGEST = 256 * 1024 * 1024;

/**
 * Reads the tar to its end.
 * @throws ImageError INVALID at the first difference; LIMIT for a chunk that is too large to be compared
 */
export async function verifyToc(toc: Toc, tar: AsyncIterable<Uint8Array>, options: VerifyOptions): Promise<void> {
  const comparison = new Comparison(toc, options.besides);
  const { until, signal } = options;
  const { cutter } = comparison;
  for await (const part of cutTar(tar, { cutter, signal, ...(until === undefined ? {} : { until }) })) {
    comparison.add(part);
  }
  comparison.end();
}

class Comparison {
  readonly cutter = new ToldCutter();
  readonly #besides: ReadonlySet<string>;
  readonly #expected: readonly TocEntry[];
  #next = 0;
  /** Of the file that goes by; undefined where the table need not have it. */
  #current: TocEntry | undefined;
  #chunk = 0;

  constructor(toc: Toc, besides: ReadonlySet<string>) {
    this.#besides = besides;
    this.#expected = toc.entries.filter(({ name }) => !besides.has(name));
    const large = this.#expected.find(({ chunks }) => chunks.some(({ size }) => size > LARGEST));
    if (large !== undefined) {
      throw new ImageError('LIMIT', `"${printableName(large.name)}" has a chunk of more than ${LARGEST} bytes`);
    }
  }

  add(part: Part): void {
    switch (part.kind) {
      case 'entry':
        this.#enter(part.entry);
        break;
      case 'chunk': {
        const expected = this.#current?.chunks[this.#chunk++]?.digest;
        if (this.#current !== undefined && part.digest !== expected) throw differs(this.#current.name, 'its chunks');
        break;
      }
      case 'content': {
        const { name = '', digest = part.digest } = this.#current ?? {};
        if (part.digest !== digest) throw differs(name, 'its content');
        break;
      }
      case 'end':
    }
  }

  end(): void {
    const missing = this.#expected[this.#next];
    if (missing !== undefined) throw differs(missing.name, 'it is not in the tar');
  }

  #enter(entry: TarEntry): void {
    this.#current = this.#besides.has(entry.name) ? undefined : this.#expected[this.#next++];
    this.#chunk = 0;
    if (!this.#besides.has(entry.name)) {
      const difference = differenceOf(this.#current, entry);
      if (difference !== undefined) throw differs(entry.name, difference);
    }
    this.cutter.follow(this.#current?.chunks.map(({ size }) => size) ?? []);
  }
}

/** Cuts where it is told to. */
class ToldCutter implements Cutter {
  #sizes: readonly number[] = [];
  #index = 0;
  #left = Number.POSITIVE_INFINITY;
  #held: Buffer = Buffer.alloc(0);
  #filled = 0;

  follow(sizes: readonly number[]): void {
    this.#sizes = sizes;
    this.#index = 0;
    this.#next();
  }

  *push(piece: Uint8Array): Generator<Chunk> {
    for (let at = 0; at < piece.length; ) {
      const count = Math.min(this.#left, piece.length - at);
      this.#held = withRoom(this.#held, this.#filled, count);
      this.#held.set(piece.subarray(at, at + count), this.#filled);
      this.#filled += count;
      this.#left -= count;
      at += count;
      if (this.#left === 0) yield* this.end();
    }
  }

  *end(): Generator<Chunk> {
    if (this.#filled > 0) yield { bytes: Buffer.from(this.#held.subarray(0, this.#filled)), zeros: false };
    this.#filled = 0;
    this.#next();
  }

  #next(): void {
    this.#left = this.#sizes[this.#index++] ?? LARGEST;
  }
}

/** What the table says otherwise. */
function differenceOf(toc: TocEntry | undefined, tar: TarEntry): string | undefined {
  if (toc === undefined || toc.name !== tar.name) return 'it is not in the table of contents at its place';
  const isFile = tar.kind === 'file';
  const isLink = tar.kind === 'symlink' || tar.kind === 'hardlink';
  const isDevice = tar.kind === 'char' || tar.kind === 'block';
  const checks: readonly (readonly [string, boolean])[] = [
    ['type', toc.type === TOC_TYPES[tar.kind]],
    ['size', !isFile || toc.size === tar.size],
    ['mode', (toc.mode & 0o7777) === (tar.mode & 0o7777)],
    ['owner', toc.uid === tar.uid && toc.gid === tar.gid],
    ['target', !isLink || toc.linkName === tar.linkname],
    ['time', isTime(toc.modtime, tar.mtime)],
    ['device', !isDevice || (toc.devMajor === tar.major && toc.devMinor === tar.minor)],
    ['attributes', sameAttributes(toc.xattrs, tar)],
  ];
  return checks.find(([, same]) => !same)?.[0];
}

/** eStargz rounds to seconds, and says nothing of the epoch. */
function isTime(modtime: number | undefined, seconds: number): boolean {
  return Math.abs((modtime ?? 0) / 1000 - seconds) <= 1;
}

function sameAttributes(said: Readonly<Record<string, string>>, { xattrs }: TarEntry): boolean {
  const found = new Map([...(xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString('base64')]));
  const names = Object.keys(said);
  return names.length === found.size && names.every((name) => said[name] === found.get(name));
}

function differs(name: string, what: string): ImageError {
  return new ImageError('INVALID', `the table of contents differs from the tar: "${printableName(name)}": ${what}`, {
    hint: 'readers that know it would see other files than those that do not: do not use the layer',
  });
}

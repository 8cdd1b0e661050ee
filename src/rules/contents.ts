/**
 * What is in files, whichever tree they are seen in: asked for once for each content, and kept as long as the content is.
 * The source of a pack and the image made of it share their contents, so that the second look costs no reading.
 * @module
 */
import { createHash } from 'node:crypto';
import type { Elf } from '../formats/elf/types.ts';
import { type Binary, createLoaderCache } from '../loader/cache.ts';
import type { Content } from '../model/content.ts';
import { contentPieces } from '../model/layer/content-pieces.ts';
import type { FileNode } from '../model/node.ts';
import type { Files } from '../ports/files.ts';
import { findNeedles, findOccurrences, readOnlyStrings } from './bytes.ts';
import { functionNames } from './symbols.ts';

export interface Contents {
  binary(file: FileNode): Promise<Binary>;
  symbols(file: FileNode, elf: Elf): Promise<ReadonlySet<string>>;
  strings(file: FileNode, elf: Elf): Promise<readonly string[]>;
  mentions(file: FileNode, needles: readonly string[]): Promise<ReadonlySet<string>>;
  occurrences(file: FileNode, beginnings: readonly string[]): Promise<readonly string[]>;
  /** Of the whole content, hexadecimal. */
  sha256(file: FileNode): Promise<string>;
}

interface Known {
  binary?: Promise<Binary>;
  symbols?: Promise<ReadonlySet<string>>;
  strings?: Promise<readonly string[]>;
  sha256?: Promise<string>;
  /** Needle → whether it is there. */
  readonly needles: Map<string, boolean>;
  /** By beginnings. */
  readonly occurrences: Map<string, Promise<readonly string[]>>;
}

/** @param files any port that can read the contents */
export function createContents(files: Files): Contents {
  const all = new WeakMap<Content, Known>();
  const whole: Files = { ...files, read: keepingWhole(files.read) };
  const loader = createLoaderCache(whole);
  const of = ({ content }: FileNode): Known => {
    const known = all.get(content) ?? { needles: new Map(), occurrences: new Map() };
    all.set(content, known);
    return known;
  };
  /** Most files are no ELF files: their beginning says so. Those that are will be looked into. */
  const binaryOf = async (file: FileNode): Promise<Binary> => {
    const head = await files.read(file, { offset: 0, size: HEAD });
    return isElf(head) ? loader.binary(file) : { head, elf: undefined, broken: undefined };
  };
  return {
    binary: (file) => {
      const known = of(file);
      known.binary ??= binaryOf(file);
      return known.binary;
    },
    symbols: (file, elf) => {
      const known = of(file);
      known.symbols ??= functionNames(whole, file, elf);
      return known.symbols;
    },
    strings: (file, elf) => {
      const known = of(file);
      known.strings ??= readOnlyStrings(whole, file, elf);
      return known.strings;
    },
    mentions: async (file, needles) => {
      const { needles: known } = of(file);
      const unknown = needles.filter((needle) => !known.has(needle));
      const found = unknown.length === 0 ? new Set() : await findNeedles(whole, file, unknown);
      for (const needle of unknown) known.set(needle, found.has(needle));
      return new Set(needles.filter((needle) => known.get(needle)));
    },
    sha256: (file) => {
      const known = of(file);
      known.sha256 ??= sha256(whole, file);
      return known.sha256;
    },
    occurrences: (file, beginnings) => {
      const { occurrences } = of(file);
      const key = beginnings.join('\0');
      const known = occurrences.get(key) ?? findOccurrences(whole, file, beginnings);
      occurrences.set(key, known);
      return known;
    },
  };
}

/** As much as {@link Binary} gives. */
const HEAD = 4096;

function isElf(head: Uint8Array): boolean {
  return head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

async function sha256(files: Files, file: FileNode): Promise<string> {
  const hash = createHash('sha256');
  if (file.content.size <= LARGEST_KEPT) hash.update(await files.read(file));
  else for await (const piece of contentPieces(file.content)) hash.update(piece);
  return hash.digest('hex');
}

/** Rules look into one file soon one after the other: a few files are kept as a whole. */
const KEPT_BYTES = 32 * 1024 * 1024;
const LARGEST_KEPT = 8 * 1024 * 1024;

function keepingWhole(read: Files['read']): Files['read'] {
  const kept = new Map<Content, Promise<Uint8Array>>();
  let bytes = 0;
  const keep = (file: FileNode): Promise<Uint8Array> => {
    const { content } = file;
    const known = kept.get(content) ?? read(file);
    bytes += kept.delete(content) ? 0 : content.size;
    kept.set(content, known);
    for (const oldest of kept.keys()) {
      if (bytes <= KEPT_BYTES) break;
      kept.delete(oldest);
      bytes -= oldest.size;
    }
    return known;
  };
  return async (file, range) => {
    const { size } = file.content;
    if (size > LARGEST_KEPT) return read(file, range);
    const all = await keep(file);
    return range === undefined ? all : all.subarray(range.offset, range.offset + range.size);
  };
}

/**
 * The table of contents of a chunked layer, read: what eStargz and zstd:chunked have in common. It comes from a stranger: what
 * is here is consistent in itself, and `verify.ts` compares it with the tar.
 * @module
 */
import type { Digest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { type At, asDigest, asList, asSize, asString, asStringMap, child, optional, wrong } from '../oci/shape.ts';

export type TocType = 'reg' | 'dir' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo';

const TYPES: ReadonlySet<string> = new Set<TocType>(['reg', 'dir', 'symlink', 'hardlink', 'char', 'block', 'fifo']);

export interface Toc {
  readonly entries: readonly TocEntry[];
  /** Of the tar without its contents, compressed (zstd:chunked only). */
  readonly tarSplit: Digest | undefined;
}

export interface TocEntry {
  /** As in the tar. */
  readonly name: string;
  readonly type: TocType;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly linkName: string;
  /** Milliseconds since the epoch; undefined where nothing is said. */
  readonly modtime: number | undefined;
  readonly devMajor: number;
  readonly devMinor: number;
  /** Values in base64. */
  readonly xattrs: Readonly<Record<string, string>>;
  /** Of the content. */
  readonly digest: Digest | undefined;
  /** Without gaps, from the first byte to the last. */
  readonly chunks: readonly TocChunk[];
}

export interface TocChunk {
  /** In the file. */
  readonly at: number;
  readonly size: number;
  readonly digest: Digest;
  /** In the blob: where its compressed bytes begin, and by where they have ended. */
  readonly offset: number;
  readonly end: number;
}

/** Most bytes of a table of contents: some hundred thousand files. containers/storage has 150 MiB. */
export const TOC_LIMIT = 128 * 1024 * 1024;

/**
 * @param end where in the blob what it describes has ended
 * @throws ImageError INVALID, LIMIT; UNSUPPORTED where a piece of the blob holds several chunks
 */
export function parseToc(bytes: Uint8Array, end: number): Toc {
  const what = 'table of contents of a layer';
  const root: At = { what, field: '', value: parseJson(bytes, what, TOC_LIMIT) };
  if (asSize(child(root, 'version')) !== 1) throw wrong(child(root, 'version'), 'version 1');
  const drafts: Draft[] = [];
  asList(child(root, 'entries'), (at) => addEntry(drafts, at));
  for (const draft of drafts) checkChunks(draft);
  endChunks(drafts, end);
  return { entries: drafts, tarSplit: optional(child(root, 'tarSplitDigest'), asDigest) };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
/** A size of −1 is not said: to the end of the file. */
type Draft = Omit<TocEntry, 'chunks'> & {
  readonly chunks: Writable<TocChunk>[];
  readonly endOffset: number | undefined;
};

function addEntry(drafts: Draft[], at: At): void {
  const type = asString(child(at, 'type'));
  if (type === 'chunk') {
    const file = drafts.at(-1);
    if (file?.type !== 'reg') throw wrong(at, 'a chunk behind the file it belongs to');
    file.chunks.push(chunkOf(at, undefined));
    return;
  }
  if (!TYPES.has(type)) throw wrong(child(at, 'type'), 'a type of file');
  const number = (key: string) => optional(child(at, key), asSize) ?? 0;
  const size = number('size');
  const digest = optional(child(at, 'digest'), asDigestOrNothing);
  drafts.push({
    name: asString(child(at, 'name')),
    type: type as TocType,
    size,
    mode: number('mode'),
    uid: number('uid'),
    gid: number('gid'),
    linkName: optional(child(at, 'linkName'), asString) ?? '',
    modtime: optional(child(at, 'modtime'), asTime),
    devMajor: number('devMajor'),
    devMinor: number('devMinor'),
    xattrs: optional(child(at, 'xattrs'), asStringMap) ?? {},
    digest,
    chunks: type === 'reg' && size > 0 ? [chunkOf(at, digest)] : [],
    endOffset: optional(child(at, 'endOffset'), asSize),
  });
}

/** @param digest what counts where the chunk has none: the file's, if it is its only one */
function chunkOf(at: At, digest: Digest | undefined): Writable<TocChunk> {
  if ((optional(child(at, 'innerOffset'), asSize) ?? 0) > 0) {
    throw new ImageError('UNSUPPORTED', `${at.what}: ${at.field} shares its compressed bytes with another chunk`);
  }
  const own = optional(child(at, 'chunkDigest'), asDigestOrNothing) ?? digest;
  if (own === undefined) throw wrong(child(at, 'chunkDigest'), 'a digest');
  return {
    at: optional(child(at, 'chunkOffset'), asSize) ?? 0,
    size: optional(child(at, 'chunkSize'), asSize) || -1,
    digest: own,
    offset: asSize(child(at, 'offset')),
    end: 0,
  };
}

/** Chunks follow each other without gaps; the last may leave its size out. */
function checkChunks({ name, size, chunks }: Draft): void {
  let at = 0;
  for (const chunk of chunks) {
    if (chunk.size < 0) chunk.size = size - at;
    if (chunk.at !== at || chunk.size <= 0) throw inconsistent(name, 'its chunks do not follow each other');
    at += chunk.size;
  }
  if (chunks.length > 0 && at !== size) throw inconsistent(name, 'its chunks are not all of it');
}

/** A chunk has ended where the next begins, in whatever order they stand. */
function endChunks(drafts: readonly Draft[], end: number): void {
  const all = drafts.flatMap(({ name, chunks, endOffset }) =>
    chunks.map((chunk, i) => ({ name, chunk, said: i === chunks.length - 1 ? endOffset : undefined })),
  );
  all.sort((a, b) => a.chunk.offset - b.chunk.offset);
  for (const [i, { name, chunk, said }] of all.entries()) {
    const next = all[i + 1]?.chunk.offset ?? end;
    chunk.end = said ?? next;
    if (chunk.offset >= chunk.end || chunk.end > next)
      throw inconsistent(name, 'the places of its chunks make no sense');
  }
}

/** Go leaves empty fields in where they are not said to be left out. */
function asDigestOrNothing(at: At): Digest | undefined {
  return at.value === '' ? undefined : asDigest(at);
}

function asTime(at: At): number | undefined {
  const text = asString(at);
  if (text === '') return undefined;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(time)) throw wrong(at, 'a time as in RFC 3339');
  return time;
}

function inconsistent(name: string, why: string): ImageError {
  return new ImageError('INVALID', `table of contents of a layer: ${JSON.stringify(name)}: ${why}`);
}

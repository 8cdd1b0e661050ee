/** An entry of zstd:chunked's table of contents (containers/storage, pkg/chunked, FileMetadata). @module */
import { rfc3339, TOC_TYPES, type WrittenChunk, type WrittenEntry } from '../chunked/toc-writer.ts';
import type { TarEntry } from '../tar/entry.ts';

/** The file, with its first chunk if it has several; then its other chunks. Fields that would be 0 or empty are left out. */
export function describe({ entry, chunks, digest }: WrittenEntry): readonly object[] {
  const [first] = chunks;
  const file = {
    type: TOC_TYPES[entry.kind],
    name: entry.name,
    linkName: entry.linkname || undefined,
    mode: nonZero(entry.mode),
    size: nonZero(entry.size),
    uid: nonZero(entry.uid),
    gid: nonZero(entry.gid),
    modtime: rfc3339({ seconds: entry.mtime, nanoseconds: entry.mtimeNs }),
    accesstime: entry.atime && rfc3339(entry.atime),
    changetime: entry.ctime && rfc3339(entry.ctime),
    devMajor: nonZero(entry.major),
    devMinor: nonZero(entry.minor),
    xattrs: xattrs(entry),
    digest: first && digest,
    offset: first?.offset,
    endOffset: chunks.at(-1)?.end,
  };
  if (first === undefined || chunks.length === 1) return [file];
  return chunks.map((chunk, i) =>
    i === 0 ? { ...file, ...place(chunk) } : { type: 'chunk', name: entry.name, ...place(chunk) },
  );
}

function place({ at, size, digest, offset, zeros }: WrittenChunk): object {
  return {
    offset,
    chunkSize: size,
    chunkOffset: nonZero(at),
    chunkDigest: digest,
    chunkType: zeros ? 'zeros' : undefined,
  };
}

function nonZero(value: number): number | undefined {
  return value === 0 ? undefined : value;
}

const PAX_XATTR = 'SCHILY.xattr.';

/** By the names in the archive: readers compare them with those there. */
function xattrs({ records }: TarEntry): Readonly<Record<string, string>> | undefined {
  const found = [...(records ?? [])].filter(([key]) => key.startsWith(PAX_XATTR));
  if (found.length === 0) return undefined;
  return Object.fromEntries(
    found.map(([key, value]) => [key.slice(PAX_XATTR.length), Buffer.from(value).toString('base64')]),
  );
}

/** An entry of eStargz's table of contents (docs/estargz.md, "TOCEntry"). @module */
import { rfc3339, TOC_TYPES, type WrittenChunk, type WrittenEntry } from '../chunked/toc-writer.ts';
import type { TarEntry } from '../tar/entry.ts';

/** The file with its first chunk, then its other chunks. */
export function describe({ entry, chunks, digest }: WrittenEntry): readonly object[] {
  const type = TOC_TYPES[entry.kind];
  const isFile = entry.kind === 'file';
  const isDevice = entry.kind === 'char' || entry.kind === 'block';
  const isLink = entry.kind === 'symlink' || entry.kind === 'hardlink';
  const [first, ...rest] = chunks.map((chunk, i) => place(chunk, i === chunks.length - 1));
  const file = {
    name: entry.name,
    type,
    size: isFile ? nonZero(entry.size) : undefined,
    modtime: entry.mtime === 0 ? undefined : rfc3339({ seconds: entry.mtime, nanoseconds: 0 }),
    linkName: isLink ? entry.linkname : undefined,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    userName: entry.uname || undefined,
    groupName: entry.gname || undefined,
    devMajor: isDevice ? entry.major : undefined,
    devMinor: isDevice ? entry.minor : undefined,
    xattrs: xattrs(entry),
    digest: isFile ? digest : undefined,
    ...first,
  };
  return [file, ...rest.map((chunk) => ({ name: entry.name, type: 'chunk', ...chunk }))];
}

/** The size is left out of the last chunk: it goes to the file's end. */
function place({ at, size, digest, offset }: WrittenChunk, last: boolean): object {
  return { offset, chunkOffset: nonZero(at), chunkSize: last ? undefined : size, chunkDigest: digest };
}

function nonZero(value: number): number | undefined {
  return value === 0 ? undefined : value;
}

function xattrs(entry: TarEntry): Readonly<Record<string, string>> | undefined {
  if (entry.xattrs === undefined || entry.xattrs.size === 0) return undefined;
  return Object.fromEntries([...entry.xattrs].map(([name, value]) => [name, Buffer.from(value).toString('base64')]));
}

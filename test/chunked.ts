/** Small layers for tests of the chunked forms. @module */
import { END_OF_ARCHIVE, encodeHeader, type HeaderFields, paddingOf } from '../src/formats/tar/encode.ts';
import { collect, inPieces, layerLike } from './bytes.ts';
import { PLAIN } from './tar.ts';

export function member(
  fields: Partial<HeaderFields> & Pick<HeaderFields, 'kind' | 'name'>,
  body: Uint8Array = Buffer.alloc(0),
): Buffer {
  const header = encodeHeader({ ...PLAIN, size: body.length, ...fields });
  return Buffer.concat([header, body, Buffer.alloc(paddingOf(body.length))]);
}

/** Every type of entry, names that need PAX records, and a file of many chunks with a hole in it. */
export function sampleTar(): Buffer {
  const xattrs = new Map([['security.capability', Uint8Array.of(1, 0, 255)]]);
  const large = Buffer.concat([layerLike(5_000_000), Buffer.alloc(70_000), layerLike(300_000)]);
  return Buffer.concat([
    member({ kind: 'dir', name: './', mode: 0o755 }),
    member({ kind: 'dir', name: 'etc/', mode: 0o755, mtime: 1_600_000_000 }),
    member({ kind: 'file', name: 'etc/empty', mtime: 0 }),
    member({ kind: 'file', name: 'etc/größe', uid: 3_000_000_000, gid: 7, mtimeNs: 5_000_000 }, Buffer.from('words\n')),
    member({ kind: 'file', name: `usr/${'long/'.repeat(40)}name`, xattrs }, Buffer.from('x'.repeat(513))),
    member({ kind: 'symlink', name: 'bin', linkname: 'usr/bin', mode: 0o777 }),
    member({ kind: 'file', name: 'var/large', mode: 0o4755 }, large),
    member({ kind: 'hardlink', name: 'var/same', linkname: 'var/large' }),
    member({ kind: 'char', name: 'dev/null', major: 1, minor: 3 }),
    member({ kind: 'block', name: 'dev/sda', major: 8, minor: 0 }),
    member({ kind: 'fifo', name: 'run/pipe' }),
    member({ kind: 'file', name: 'zeros' }, Buffer.alloc(2000)),
    END_OF_ARCHIVE,
  ]);
}

/** What comes of one of the writers. */
export interface Written {
  readonly blob: Buffer;
  readonly annotations: Readonly<Record<string, string>>;
  readonly diffId: string;
}

export async function written(
  tar: Uint8Array,
  write: (tar: AsyncIterable<Uint8Array>) => {
    bytes: AsyncIterable<Uint8Array>;
    result(): { diffId: string; annotations: Readonly<Record<string, string>> };
  },
  piece = 100_003,
): Promise<Written> {
  const layer = write(inPieces(tar, piece));
  const blob = await collect(layer.bytes);
  return { blob, ...layer.result() };
}

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sharedFixture } from '../../../test/shared.ts';
import { contentsOf, scanAll, streamAll } from '../../../test/tar.ts';
import { ImageError } from '../../base/errors.ts';
import { decodeName } from '../../base/names.ts';
import type { TarEntry } from './entry.ts';
import type { Time } from './pax.ts';

/** A literal, or Go source text of an expression. */
type Go = string | number | { readonly $go: string };

interface Header {
  readonly Name?: Go;
  readonly Linkname?: Go;
  readonly Uname?: Go;
  readonly Gname?: Go;
  readonly Mode?: number;
  readonly Uid?: number;
  readonly Gid?: number;
  readonly Size?: number;
  readonly Devmajor?: number;
  readonly Devminor?: number;
  readonly Typeflag?: Go;
  readonly ModTime?: Go;
  readonly AccessTime?: Go;
  readonly ChangeTime?: Go;
  readonly PAXRecords?: Record<string, Go>;
  readonly Xattrs?: Record<string, string>;
}

interface Vector {
  readonly file: string;
  readonly headers?: readonly Header[];
  readonly chksums?: readonly string[];
  readonly err?: Go;
}

const TYPES: Record<string, string> = {
  TypeReg: '0',
  TypeSymlink: '2',
  TypeDir: '5',
  TypeXGlobalHeader: 'g',
  TypeGNUSparse: 'S',
};

function text(value: Go | undefined): string {
  if (typeof value === 'object') {
    const [, what = '', count = ''] = /^strings\.Repeat\("(.*)", (\d+)\)$/.exec(value.$go) ?? [];
    return what.repeat(Number(count));
  }
  const literal = String(value ?? '');
  // Go strings are bytes: those that are no UTF-8 come as code points below 256.
  return /^[\x00-\xff]*$/.test(literal) ? decodeName(Buffer.from(literal, 'latin1')) : literal;
}

function time(value: Go | undefined): Time | undefined {
  if (value === undefined) return undefined;
  const [, seconds, nanoseconds] = /^time\.Unix\((-?\d+), (\d+)\)$/.exec((value as { $go: string }).$go) ?? [];
  return { seconds: Number(seconds), nanoseconds: Number(nanoseconds) };
}

function typeflag(value: Go | undefined): string | undefined {
  if (typeof value === 'object') return TYPES[value.$go];
  return typeof value === 'number' ? String.fromCharCode(value) : value;
}

function mapped<V, W>(map: ReadonlyMap<string, V> | undefined, convert: (value: V) => W): Record<string, W> {
  return Object.fromEntries([...(map ?? [])].map(([key, value]) => [key, convert(value)]));
}

/** What Go's header says, of our entry. */
function asGo(entry: TarEntry) {
  return {
    Name: entry.name,
    Linkname: entry.linkname,
    Uname: entry.uname,
    Gname: entry.gname,
    Mode: entry.mode,
    Uid: entry.uid,
    Gid: entry.gid,
    Size: entry.size,
    Devmajor: entry.major,
    Devminor: entry.minor,
    Typeflag: entry.typeflag === '\0' ? '0' : entry.typeflag,
    ModTime: { seconds: entry.mtime, nanoseconds: entry.mtimeNs },
    AccessTime: entry.atime,
    ChangeTime: entry.ctime,
    PAXRecords: mapped(entry.records, decodeName),
    Xattrs: mapped(entry.xattrs, (value) => Buffer.from(value).toString('latin1')),
  };
}

function expected(header: Header): ReturnType<typeof asGo> {
  return {
    Name: text(header.Name),
    Linkname: text(header.Linkname),
    Uname: text(header.Uname),
    Gname: text(header.Gname),
    Mode: header.Mode ?? 0,
    Uid: header.Uid ?? 0,
    Gid: header.Gid ?? 0,
    Size: header.Size ?? 0,
    Devmajor: header.Devmajor ?? 0,
    Devminor: header.Devminor ?? 0,
    Typeflag: typeflag(header.Typeflag) ?? '0',
    ModTime: time(header.ModTime) ?? { seconds: 0, nanoseconds: 0 },
    AccessTime: time(header.AccessTime),
    ChangeTime: time(header.ChangeTime),
    PAXRecords: Object.fromEntries(Object.entries(header.PAXRecords ?? {}).map(([key, value]) => [key, text(value)])),
    Xattrs: header.Xattrs ?? {},
  };
}

const folder = sharedFixture('go-archive-tar');

function archiveOf(file: string): Buffer {
  const path = `${folder}/${file}`;
  return path.endsWith('.bz2') ? execFileSync('bzip2', ['-dc', path], { maxBuffer: 1 << 30 }) : readFileSync(path);
}

function hasBzip2(): boolean {
  const { error } = spawnSync('bzip2', ['--version'], { stdio: 'ignore' });
  if (error !== undefined && process.env['CI'] !== undefined) throw error;
  if (error !== undefined) process.stderr.write('skipped: bzip2 is not here, and one archive is compressed with it\n');
  return error === undefined;
}

describe.skipIf(folder === undefined)('the vectors of Go archive/tar', () => {
  const vectors: Vector[] =
    folder === undefined ? [] : JSON.parse(readFileSync(`${folder}/reader_vectors.json`, 'utf8'));
  it('are all here', () => expect(vectors.length).toBe(32));

  const here = vectors.filter(({ file }) => !file.endsWith('.bz2') || hasBzip2());
  it.each(here.map((vector) => [vector.file, vector] as const))('%s', async (file, vector) => {
    const archive = archiveOf(file);
    if (vector.err !== undefined) {
      await expect(scanAll(archive, { globals: 'ignore' })).rejects.toThrow(ImageError);
      expect(() => streamAll(archive, 1000, { globals: 'ignore' })).toThrow(ImageError);
      return;
    }
    const entries = await scanAll(archive, { globals: 'ignore' });
    expect(streamAll(archive, 1000, { globals: 'ignore' })).toEqual(entries);
    const wanted = (vector.headers ?? []).map(expected);
    const found = entries.map(asGo);
    for (const [i, header] of found.entries()) {
      // Go gives a global header its own name, and no time.
      if (header.Typeflag === 'g') header.Name = wanted[i]?.Name ?? '';
    }
    expect(found).toEqual(wanted);
    for (const [i, sum] of (vector.chksums ?? []).entries()) {
      expect(createHash('md5').update(contentsOf(archive, entries[i]!)).digest('hex')).toBe(sum);
    }
  });
});

describe.skipIf(folder === undefined)('what Go packs in its other test archives', () => {
  it.each([
    ['gnu-sparse-big.tar', [['gnu-sparse', 60_000_000_000]]],
    ['pax-sparse-big.tar', [['pax-sparse', 60_000_000_000]]],
    ['writer-big.tar', undefined],
    ['writer-big-long.tar', undefined],
  ])('%s', async (file, wanted) => {
    const archive = archiveOf(`testdata/${file}`);
    if (wanted === undefined) {
      // The bodies of 16 GiB are left out of these files.
      await expect(scanAll(archive)).rejects.toThrow(/goes beyond the end|ends after/);
      return;
    }
    expect((await scanAll(archive)).map(({ name, size }) => [name, size])).toEqual(wanted);
  });
});

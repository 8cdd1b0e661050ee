import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sharedFixture } from '../../../test/shared.ts';
import { contentsOf, GNU, oldSparse, PLAIN, rawMember, scanAll, sealHeader, streamAll } from '../../../test/tar.ts';
import { END_OF_ARCHIVE, encodeHeader } from './encode.ts';
import type { TarEntry } from './entry.ts';
import { BLOCK } from './header.ts';
import { TAR_LIMITS } from './limits.ts';
import type { TarOptions } from './parser.ts';
import { encodePax } from './pax-encode.ts';

const archive = (...parts: Uint8Array[]) => Buffer.concat(parts);
const file = rawMember('0', 'dir/file', 'contents');

/** Reads both ways, which must agree, and gives the entries or the error's code and message. */
async function read(bytes: Uint8Array, options: TarOptions = {}) {
  const attempt = async (work: () => TarEntry[] | Promise<TarEntry[]>) => {
    try {
      return await work();
    } catch (error) {
      return error as { code: string; message: string };
    }
  };
  const random = await attempt(() => scanAll(bytes, options));
  const streamed = await attempt(() => streamAll(bytes, 100, options));
  if (Array.isArray(random)) expect(streamed).toEqual(random);
  else expect(streamed).toMatchObject({ code: random.code });
  return random;
}

async function names(bytes: Uint8Array, options?: TarOptions): Promise<string[]> {
  const entries = await read(bytes, options);
  if (!Array.isArray(entries)) throw entries;
  return entries.map(({ name }) => name);
}

describe('the end of an archive', () => {
  it.each([
    ['two blocks of zeros', archive(file, END_OF_ARCHIVE)],
    ['one block of zeros', archive(file, Buffer.alloc(BLOCK))],
    ['none, as Go and Docker accept', file],
    ['padding missing', file.subarray(0, BLOCK + 8)],
    ['anything behind two blocks of zeros', archive(file, END_OF_ARCHIVE, Buffer.from('garbage'), file)],
  ])('%s', async (_, bytes) => expect(await names(bytes)).toEqual(['dir/file']));

  it('may come at once', async () => {
    expect(await names(END_OF_ARCHIVE)).toEqual([]);
    expect(await names(new Uint8Array(0))).toEqual([]);
  });

  it.each([
    ['inside a header', archive(file, file.subarray(0, 100)), /ends after 1124 bytes, inside a header .*byte 1024/],
    ['inside a body', file.subarray(0, BLOCK + 7), /dir\/file/],
    ['inside PAX records', rawMember('x', 'p', encodePax([['path', 'p'.repeat(600)]])).subarray(0, 700), /header/],
    ['behind PAX records', rawMember('x', 'p', encodePax([['path', 'p']])), /inside a header/],
    ['behind PAX records, with zeros', archive(rawMember('x', 'p', '6 a=1\n'), END_OF_ARCHIVE), /extended header/],
    ['in a single block of zeros', archive(file, Buffer.alloc(BLOCK), file), /single block of zeros .*byte 1024/],
  ])('cannot be %s', async (_, bytes, message) => {
    expect(await read(bytes)).toMatchObject({ code: 'INVALID', message: expect.stringMatching(message) });
  });
});

it('a stream that is cut off says in which file', async () => {
  expect(() => streamAll(archive(rawMember('5', 'dir/'), file.subarray(0, 515)), 100)).toThrow(
    'ends after 1027 bytes, inside the contents of "dir/file"',
  );
});

describe('broken headers', () => {
  it('say where they are', async () => {
    const broken = Buffer.from(file);
    broken[0] = 0x7f;
    expect(await read(archive(file, broken))).toMatchObject({
      code: 'INVALID',
      message: expect.stringMatching(/checksum .*byte 1024/),
    });
  });

  it('name the entry', async () => {
    const broken = Buffer.from(file);
    broken.write('oops', 108);
    sealHeader(broken.subarray(0, BLOCK));
    expect(await read(broken)).toMatchObject({ message: expect.stringMatching(/uid of "dir\/file"/) });
  });

  it('may have a checksum of signed bytes', async () => {
    const block = Buffer.from(rawMember('0', 'sch\udcf6n'));
    block.fill(' ', 148, 156);
    let sum = 0;
    for (const byte of block) sum += byte > 127 ? byte - 256 : byte;
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    expect(await names(block)).toEqual(['sch\udcf6n']);
  });

  it.each([
    ['a size beyond the archive', rawMember('0', 'f', 'x', { size: 0o77777777777 })],
    ['a negative size', rawMember('0', 'f', '', { records: [['size', '-1']] })],
    ['a size that is no number', rawMember('0', 'f', '', { records: [['size', '1e9']] })],
    ['a huge size in PAX', rawMember('0', 'f', '', { records: [['size', '9007199254740991']] })],
    ['a size that is no safe integer', rawMember('0', 'f', '', { records: [['size', '9007199254740993']] })],
  ])('are refused for %s', async (_, bytes) => {
    expect(await read(archive(bytes, END_OF_ARCHIVE))).toMatchObject({ code: 'INVALID' });
  });
});

describe('limits', () => {
  const over = (limits: Partial<typeof TAR_LIMITS>) => ({ limits: { ...TAR_LIMITS, ...limits } });

  it('bound the number of entries', async () => {
    expect(await names(archive(file, file), over({ entries: 2 }))).toHaveLength(2);
    expect(await read(archive(file, file, file), over({ entries: 2 }))).toMatchObject({ code: 'LIMIT' });
  });

  it('bound extended headers and long names', async () => {
    const long = rawMember('L', 'l', 'n'.repeat(1000), { magic: GNU });
    expect(await names(archive(long, file), over({ extendedHeader: 1000 }))).toEqual(['n'.repeat(1000)]);
    expect(await read(archive(long, file), over({ extendedHeader: 999 }))).toMatchObject({ code: 'LIMIT' });
    const lying = rawMember('x', 'x', '', { size: 0o77777777777 });
    expect(await read(archive(lying, file))).toMatchObject({ code: 'LIMIT' });
  });

  it('bound global records', async () => {
    const global = (key: string) => rawMember('g', 'g', encodePax([[key, 'x']]));
    expect(await read(archive(global('a'), global('a'), global('b'), file), over({ globalRecords: 2 }))).toHaveLength(
      4,
    );
    expect(await read(archive(global('a'), global('b'), file), over({ globalRecords: 1 }))).toMatchObject({
      code: 'LIMIT',
    });
  });

  it('bound the pieces of sparse files, of all together', async () => {
    const sparse = oldSparse(
      's',
      1000,
      [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [i * 100, 10] as const),
    );
    expect(await names(archive(sparse, sparse), over({ extents: 16 }))).toEqual(['s', 's']);
    expect(await read(archive(sparse, sparse), over({ extents: 15 }))).toMatchObject({ code: 'LIMIT' });
    const map = `${10 ** 12}\n`.padEnd(BLOCK, '0\n');
    expect(await read(rawMember('0', 'x', map, { records: SPARSE_1 }))).toMatchObject({ code: 'LIMIT' });
  });
});

const SPARSE_1 = [
  ['GNU.sparse.major', '1'],
  ['GNU.sparse.minor', '0'],
  ['GNU.sparse.name', 'real name'],
  ['GNU.sparse.realsize', '40'],
] as const;

describe('sparse files', () => {
  const one = (map: string, data: string) => rawMember('0', 'x', map.padEnd(BLOCK, '\0') + data, { records: SPARSE_1 });

  it('have their name, size and pieces', async () => {
    const bytes = one('3\n5\n3\n8\n2\n20\n0\n', 'abcde');
    const [entry] = (await read(bytes)) as TarEntry[];
    expect(entry).toMatchObject({ name: 'real name', size: 40, stored: 5 });
    expect(entry?.extents).toEqual([{ at: 5, offset: entry?.body, size: 5 }]);
    expect(contentsOf(bytes, entry!).toString('latin1')).toBe('\0\0\0\0\0abcde'.padEnd(40, '\0'));
  });

  it('may have a map of more than one block', async () => {
    const pairs = Array.from({ length: 100 }, (_, i) => `${10_000_000 + i * 10}\n1\n`).join('');
    const map = `100\n${pairs}`;
    const bytes = rawMember('0', 'x', map.padEnd(1536, '\0') + 'd'.repeat(100), {
      records: [...SPARSE_1.slice(0, 3), ['GNU.sparse.realsize', '20000000']],
    });
    const [entry] = (await read(bytes)) as TarEntry[];
    expect(entry?.extents).toHaveLength(100);
    expect(entry?.extents?.[99]).toEqual({ at: 10_000_990, offset: entry!.body + 99, size: 1 });
  });

  it.each([
    ['overlapping', one('2\n0\n10\n5\n1\n', 'x'.repeat(11))],
    ['descending', one('2\n10\n1\n0\n1\n', 'xx')],
    ['outside the file', one('1\n39\n2\n', 'xx')],
    ['fewer bytes than stored', one('1\n0\n1\n', 'xx')],
    ['more bytes than stored', one('1\n0\n3\n', 'xx')],
    ['no number', one('1\n0\nx\n', 'xx')],
    ['a number without end', one('1'.repeat(500), '')],
    ['longer than the data', rawMember('0', 'x', '1\n0\n', { records: SPARSE_1, size: 4 })],
    ['a negative size', oldSparse('s', 10, [[0, -1]])],
    ['beyond 2^53', one('2\n0\n9007199254740991\n0\n9007199254740991\n', 'xx')],
  ])('with a map that is broken are refused: %s', async (_, bytes) => {
    expect(await read(archive(bytes, END_OF_ARCHIVE))).toMatchObject({ code: 'INVALID' });
  });

  it('of an unknown version are refused', async () => {
    const bytes = rawMember('0', 'x', '', {
      records: [
        ['GNU.sparse.major', '2'],
        ['GNU.sparse.minor', '0'],
        ['GNU.sparse.map', '0,0'],
      ],
    });
    expect(await read(bytes)).toMatchObject({ code: 'UNSUPPORTED' });
  });
});

describe('PAX records', () => {
  it('take back what they leave empty', async () => {
    const [entry] = (await read(
      rawMember('0', 'header name', '', {
        records: [
          ['path', ''],
          ['uname', ''],
        ],
      }),
    )) as TarEntry[];
    expect(entry).toMatchObject({ name: 'header name' });
  });

  it('size counts, whatever the header says', async () => {
    const bytes = archive(rawMember('0', 'a', 'x'.repeat(600), { records: [['size', '600']], size: 1 }), file);
    expect(await names(bytes)).toEqual(['a', 'dir/file']);
  });

  it('say device numbers that do not fit', async () => {
    const records = [
      ['SCHILY.devmajor', '4294967'],
      ['SCHILY.devminor', '4294967295'],
    ] as const;
    const [entry] = (await read(rawMember('3', 'dev', '', { records }))) as TarEntry[];
    expect(entry).toMatchObject({ kind: 'char', major: 4_294_967, minor: 4_294_967_295 });
  });

  it('that are global apply until they are taken back, or not at all', async () => {
    const global = (value: string) => rawMember('g', 'g', encodePax([['uname', value]]));
    const bytes = archive(
      global('you'),
      file,
      rawMember('0', 'own', '', { records: [['uname', 'me']] }),
      global(''),
      file,
    );
    const users = async (options: TarOptions) =>
      ((await read(bytes, options)) as TarEntry[]).filter(({ kind }) => kind === 'file').map(({ uname }) => uname);
    expect(await users({})).toEqual(['you', 'me', '']);
    expect(await users({ globals: 'ignore' })).toEqual(['', 'me', '']);
  });
});

describe('old dialects', () => {
  it('call a directory what ends with a slash', async () => {
    const entries = (await read(
      archive(rawMember('\0', 'd/', '', { magic: '' }), rawMember('\0', 'f', '', { magic: '' })),
    )) as TarEntry[];
    expect(entries.map(({ kind }) => kind)).toEqual(['dir', 'file']);
  });

  it('have contiguous files, which are files', async () => {
    expect(await read(rawMember('7', 'f', 'x'))).toMatchObject([{ kind: 'file', size: 1 }]);
  });

  it('give links a size and no body', async () => {
    expect(await names(archive(rawMember('1', 'link', '', { size: 4000 }), file))).toEqual(['link', 'dir/file']);
  });

  it.each([
    ['GNU', rawMember('M', 'rest', '', { magic: GNU })],
    ['PAX', rawMember('0', 'rest', '', { records: [['GNU.volume.offset', '10']] })],
  ])('continue volumes, which is refused (%s)', async (_, bytes) => {
    expect(await read(bytes)).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('rest') });
  });
});

describe('reading loses nothing', () => {
  const folder = sharedFixture('tar-split-testdata');
  const files = folder === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith('.tar.gz'));

  it.skipIf(folder === undefined)('in the archives of tar-split', () => expect(files.length).toBe(6));

  it.each(files)('%s: headers, bodies and what follows make up the file', async (name) => {
    const bytes = gunzipSync(readFileSync(`${folder}/${name}`));
    const entries = await scanAll(bytes);
    expect(entries.length).toBeGreaterThan(0);
    const parts: Uint8Array[] = [];
    for (const { start, body, stored, end } of entries) {
      parts.push(bytes.subarray(start, body), bytes.subarray(body, body + stored), bytes.subarray(body + stored, end));
    }
    const end = entries.at(-1)?.end ?? 0;
    parts.push(bytes.subarray(end));
    expect(bytes.subarray(end).every((byte) => byte === 0)).toBe(true);
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  });
});

it('a large archive is read through small windows and large ones alike', async () => {
  const members = Array.from({ length: 300 }, (_, i) =>
    archive(
      encodeHeader({ ...PLAIN, kind: 'file', name: `n${i}`, size: (i % 7) * 30_000, mtimeNs: i % 2 }),
      Buffer.alloc(Math.ceil(((i % 7) * 30_000) / BLOCK) * BLOCK),
    ),
  );
  expect(await names(archive(...members))).toEqual(Array.from({ length: 300 }, (_, i) => `n${i}`));
});

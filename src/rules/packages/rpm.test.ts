import { spawnSync } from 'node:child_process';
import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { encodeBerkeley, encodeHeader, encodeNdb, encodePackage } from '../../../test/rpm-samples.ts';
import { bytesContent } from '../../model/content.ts';
import { TreeEditor } from '../../model/editor.ts';
import { FILE_META } from '../../model/node.ts';
import { treeFiles } from '../../ports/tree-files.ts';
import { openPackages } from './open.ts';
import { TAG } from './rpm-header.ts';

const MANY = Array.from({ length: 3000 }, (_, i) => `/usr/share/app/data/file-with-a-long-name-${i}`);

const PACKAGES = [
  encodePackage({
    name: 'app',
    files: ['/etc/app.conf', '/usr/bin/app', ...MANY],
    configuration: ['/etc/app.conf'],
    requires: ['libx.so.1()(64bit)', '/usr/bin/sh', '(a if b)', 'config(app)'],
    provides: ['config(app)'],
  }),
  encodePackage({ name: 'libx', files: ['/usr/lib64/libx.so.1'], provides: ['libx.so.1()(64bit)'] }),
  encodePackage({ name: 'shell', files: ['/usr/bin/sh'] }),
  encodeHeader({ [TAG.name]: 'gpg-pubkey', [TAG.version]: '1', [TAG.release]: '1' }),
];

function facts(files: Readonly<Record<string, Buffer>>) {
  const editor = new TreeEditor();
  for (const [path, bytes] of Object.entries(files)) {
    editor.put(path, {
      kind: 'file',
      content: bytesContent(bytes),
      meta: FILE_META,
      mtime: 0,
      mtimeNs: 0,
      link: undefined,
    });
  }
  return openPackages(treeFiles(editor.done()));
}

/** What SQLite itself writes; with `open`, before it is closed: the log is not copied back. */
function sqlite(blobs: readonly Buffer[], options: { pageSize: number; log?: true }): { file: Buffer; log: Buffer } {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'pare-rpm-'));
  const path = join(directory.path, 'rpmdb.sqlite');
  using database = new DatabaseSync(path);
  database.exec(`PRAGMA page_size = ${options.pageSize}; VACUUM`);
  if (options.log) database.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0');
  database.exec("CREATE TABLE 'Name' (key TEXT); CREATE INDEX i ON Name(key)");
  database.exec("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)");
  const insert = database.prepare('INSERT INTO Packages (blob) VALUES (?)');
  for (const blob of blobs) insert.run(blob);
  return { file: readFileSync(path), log: options.log ? readFileSync(`${path}-wal`) : Buffer.alloc(0) };
}

/** Hundreds of packages, so that trees of pages have branches. */
const HUNDREDS = Array.from({ length: 400 }, (_, i) =>
  encodePackage({ name: `p${i}`, source: 'other', files: [`/p/${i}`] }),
);

async function expectSample(packages: Awaited<ReturnType<typeof facts>>) {
  expect(packages.kind).toBe('rpm');
  const app = await packages.package('app');
  expect(app).toMatchObject({ version: '1:2.0-3', architecture: 'x86_64', source: 'src', license: 'MIT' });
  expect(app?.depends).toEqual(['libx', 'shell']);
  expect(await packages.filesOf('app')).toEqual(['/etc/app.conf', '/usr/bin/app', ...MANY]);
  expect([...(await packages.configurationOf('app'))]).toEqual(['/etc/app.conf']);
  expect((await packages.owner('/usr/lib64/libx.so.1'))?.name).toBe('libx');
  expect((await packages.siblings('libx')).map(({ name }) => name)).toEqual(['libx', 'app', 'shell']);
  expect(await packages.package('gpg-pubkey')).toBeUndefined();
}

describe('SQLite', () => {
  test.each([512, 4096, 65536])('with pages of %i bytes', async (pageSize) => {
    const { file } = sqlite(PACKAGES, { pageSize });
    await expectSample(await facts({ '/var/lib/rpm/rpmdb.sqlite': file }));
  });

  test('with its rows still in the write-ahead log', async () => {
    const { file, log } = sqlite(PACKAGES, { pageSize: 4096, log: true });
    await expectSample(
      await facts({ '/usr/lib/sysimage/rpm/rpmdb.sqlite': file, '/usr/lib/sysimage/rpm/rpmdb.sqlite-wal': log }),
    );
  });

  test('with a log that ends in the middle of a transaction: what was committed counts', async () => {
    const { file, log } = sqlite(HUNDREDS, { pageSize: 4096, log: true });
    const cut = log.subarray(0, log.length - 1000);
    const packages = await facts({ '/var/lib/rpm/rpmdb.sqlite': file, '/var/lib/rpm/rpmdb.sqlite-wal': cut });
    expect((await packages.package('p0'))?.name).toBe('p0');
    expect(await packages.package('p399')).toBeUndefined();
  });

  test('with hundreds of packages', async () => {
    const { file } = sqlite(HUNDREDS, { pageSize: 512 });
    const packages = await facts({ '/var/lib/rpm/rpmdb.sqlite': file });
    expect((await packages.owner('/p/0'))?.name).toBe('p0');
    expect((await packages.owner('/p/399'))?.name).toBe('p399');
  });
});

test('ndb', async () => {
  await expectSample(await facts({ '/usr/lib/sysimage/rpm/Packages.db': encodeNdb(PACKAGES) }));
});

describe('Berkeley DB', () => {
  test.each(['little', 'big'] as const)('of a %s-endian machine', async (order) => {
    const file = encodeBerkeley([Buffer.alloc(4), ...PACKAGES], order);
    await expectSample(await facts({ '/var/lib/rpm/Packages': file }));
  });

  const perl = spawnSync('perl', ['-MDB_File', '-e', '1']).status === 0;
  if (!perl && process.env['CI']) throw new Error("perl's DB_File is missing");
  if (!perl) process.stderr.write("skipped: this machine has no perl with DB_File to write Berkeley DB's format\n");

  test.skipIf(!perl)('as the library itself writes it', async () => {
    const all = [Buffer.alloc(4), ...PACKAGES, ...HUNDREDS];
    await expectSample(await facts({ '/var/lib/rpm/Packages': writtenByLibrary(all) }));
  });
});

function writtenByLibrary(blobs: readonly Buffer[]): Buffer {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'pare-rpm-'));
  blobs.forEach((blob, i) => {
    writeFileSync(join(directory.path, String(i)), blob);
  });
  const script = `
    use DB_File; use Fcntl;
    tie my %h, 'DB_File', 'Packages', O_RDWR|O_CREAT, 0644, $DB_HASH or die $!;
    for my $n (0..${blobs.length - 1}) { local $/; open F, '<:raw', $n or die; $h{pack 'L', $n} = <F>; }
    untie %h`;
  const { status, stderr } = spawnSync('perl', ['-e', script], { cwd: directory.path, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return readFileSync(join(directory.path, 'Packages'));
}

describe('a broken database', () => {
  test.each([
    ['of no known kind', Buffer.from('hello'), 'UNSUPPORTED'],
    ['of SQLite, cut', sqlite(PACKAGES, { pageSize: 4096 }).file.subarray(0, 8192), 'INVALID'],
    ['of ndb, cut', encodeNdb(PACKAGES).subarray(0, 5000), 'INVALID'],
    ['of Berkeley DB, cut', encodeBerkeley(PACKAGES).subarray(0, 9000), 'INVALID'],
    ['with a header whose counts lie', encodeNdb([Buffer.alloc(64, 0xff)]), 'INVALID'],
    ['with a string that does not end', encodeNdb([lying(TAG.name, 6, 0, 1)]), 'INVALID'],
    ['with more strings than bytes', encodeNdb([lying(TAG.name, 8, 0, 1000)]), 'INVALID'],
  ])('%s gives a typed error', async (_, bytes, code) => {
    await expect(facts({ '/var/lib/rpm/Packages': bytes })).rejects.toMatchObject({ name: 'ImageError', code });
  });
});

/** A header with one entry and eight bytes of data without a NUL. */
function lying(tag: number, type: number, offset: number, count: number): Buffer {
  const header = Buffer.alloc(32, 0x41);
  [1, 8, tag, type, offset, count].forEach((value, i) => {
    header.writeUInt32BE(value, i * 4);
  });
  return header;
}

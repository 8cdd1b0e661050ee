/** Files that are joined entry by entry. */
import { describe, expect, test } from 'vitest';
import { treeOf } from '../../../test/images.ts';
import { scanAll } from '../../../test/tar.ts';
import { END_OF_ARCHIVE, encodeHeader } from '../../formats/tar/encode.ts';
import { readCacheFile, writeCacheFile } from '../../loader/cache-file.ts';
import { nodeAt } from '../../model/tree.ts';
import { readFileNode, treeFiles } from '../../ports/tree-files.ts';
import { openPackages } from '../../rules/packages/open.ts';
import { type Merged, merge } from './merge.ts';
import { parsePreferences } from './prefer.ts';

type Files = Readonly<Record<string, string | Uint8Array>>;

function merged(all: readonly Files[], ...prefer: string[]): Promise<Merged> {
  const inputs = all.map((files, i) => ({ reference: `image${i + 1}`, tree: treeOf(files), config: undefined }));
  return merge({
    inputs,
    platform: { os: 'linux', architecture: 'amd64' },
    choose: parsePreferences(prefer, all.length),
  });
}

async function bytesAt({ tree }: Merged, path: string): Promise<Buffer> {
  const node = nodeAt(tree, path);
  if (node?.kind !== 'file') throw new Error(`no file at ${path}`);
  return Buffer.from(await readFileNode(node));
}

const at =
  (path: string) =>
  (...texts: string[]) =>
    texts.map((text) => ({ [path]: text }));

function told({ conflicts }: Merged): string[] {
  return conflicts.map(({ where, item, what, sides }) => {
    return `${where} ${item} ${what.join(' ')}: ${sides.map(({ images, has }) => `${images.join('+')} ${has}`).join(' / ')}`;
  });
}

describe('passwd', () => {
  const passwd = at('/etc/passwd');
  const ROOT = 'root:x:0:0:root:/root:/bin/bash\n';

  test('by name; the first says how a user that all agree on is described', async () => {
    const other = 'root:x:0:0::/root:/sbin/nologin\n';
    const result = await merged(passwd(`${ROOT}redis:x:100:101::/:\n`, `${other}curl:x:102:103::/:\n`));
    expect(result.conflicts).toEqual([]);
    expect((await bytesAt(result, '/etc/passwd')).toString()).toBe(`${ROOT}redis:x:100:101::/:\ncurl:x:102:103::/:\n`);
    const last = await merged(passwd(ROOT, other), 'last');
    expect((await bytesAt(last, '/etc/passwd')).toString()).toBe(other);
  });

  test('one name with two numbers, and one number with two names', async () => {
    const all = passwd(
      `${ROOT}a:x:100:100::/:\nb:x:7:7::/:\n`,
      `${ROOT}a:x:200:100::/:\nc:x:7:8::/:\n`,
      `${ROOT}a:x:100:100::/:\n`,
    );
    expect(told(await merged(all))).toEqual([
      '/etc/passwd uid 7 id: 1 user b / 2 user c',
      '/etc/passwd user a id: 1+3 uid 100:100 / 2 uid 200:100',
    ]);
    const last = await merged(all, '/etc/passwd=2');
    expect(last.conflicts).toEqual([]);
    expect((await bytesAt(last, '/etc/passwd')).toString()).toBe(`${ROOT}a:x:200:100::/:\nc:x:7:8::/:\nb:x:7:7::/:\n`);
  });

  test('two names of one number in one image are its own business', async () => {
    const toor = `${ROOT}toor:x:0:0::/root:\n`;
    expect((await merged(passwd(toor, ROOT))).conflicts).toEqual([]);
  });

  test('comments, lines for NIS and bytes that are no UTF-8 stay', async () => {
    const odd = Buffer.from('# by hand\n+::::::\nm\xfcller:x:5:5:\xff:/:\n', 'latin1');
    const result = await merged([{ '/etc/passwd': odd }, { '/etc/passwd': ROOT }]);
    expect(result.conflicts).toEqual([]);
    expect(await bytesAt(result, '/etc/passwd')).toEqual(Buffer.concat([odd, Buffer.from(ROOT)]));
  });
});

test('group: members of all', async () => {
  const result = await merged(at('/etc/group')('adm:x:4:a,b\nx:x:5:\n', 'adm:x:4:b,c\n', 'y:x:5:\n'));
  expect(told(result)).toEqual(['/etc/group gid 5 id: 1 group x / 3 group y']);
  expect((await bytesAt(result, '/etc/group')).toString()).toBe('adm:x:4:a,b,c\nx:x:5:\ny:x:5:\n');
});

test('shadow: lines as they are; another password is a conflict, and is not shown', async () => {
  const shadow = at('/etc/shadow');
  const same = await merged(shadow('root:*:19000:0:99999:7:::\n', 'root:*:19999:0:99999:7:::\na:!:1::::::\n'));
  expect(same.conflicts).toEqual([]);
  expect((await bytesAt(same, '/etc/shadow')).toString()).toBe('root:*:19000:0:99999:7:::\na:!:1::::::\n');
  const [conflict] = told(await merged(shadow('root:$6$secret:1::::::\n', 'root::1::::::\n')));
  expect(conflict).toBe('/etc/shadow user root record: 1 password 1 of 2 / 2 password 2 of 2');
});

describe("dpkg's status", () => {
  const status = at('/var/lib/dpkg/status');
  const stanza = (name: string, version: string, more = 'install ok installed') =>
    `Package: ${name}\nStatus: ${more}\nArchitecture: amd64\nVersion: ${version}\nDescription: one\n two\n`;

  test('sorted by name, readable as before, lists beside it', async () => {
    const [one, two] = status(
      `${stanza('zlib', '1')}\n${stanza('base', '1')}\n`,
      `${stanza('base', '1')}\n\n\n${stanza('curl', '2')}`,
    );
    const info = '/var/lib/dpkg/info/';
    const result = await merged([
      { ...one, [`${info}zlib.list`]: '/.\n/z\n', [`${info}base.list`]: '/.\n' },
      { ...two, [`${info}curl.list`]: '/.\n/c\n', [`${info}base.list`]: '/.\n' },
    ]);
    expect(result.conflicts).toEqual([]);
    const packages = await openPackages(treeFiles(result.tree));
    expect((await packages.package('curl'))?.version).toBe('2');
    expect(await packages.filesOf('zlib')).toEqual(['/z']);
    const text = (await bytesAt(result, '/var/lib/dpkg/status')).toString();
    expect(text).toBe(
      [stanza('base', '1'), stanza('curl', '2'), stanza('zlib', '1')].map((one) => `${one}\n`).join(''),
    );
  });

  test('two versions of one package are a conflict; a removed one is none', async () => {
    expect(told(await merged(status(stanza('a', '1'), stanza('a', '2'))))).toEqual([
      '/var/lib/dpkg/status package a:amd64 version: 1 1 / 2 2',
    ]);
    const removed = await merged(status(stanza('a', '1', 'deinstall ok config-files'), stanza('a', '2')));
    expect(removed.conflicts).toEqual([]);
    expect((await bytesAt(removed, '/var/lib/dpkg/status')).toString()).toContain('Version: 2');
    const last = await merged(status(stanza('a', '1'), stanza('a', '2')), '/var/lib/dpkg/**=2');
    expect((await bytesAt(last, '/var/lib/dpkg/status')).toString()).toBe(`${stanza('a', '2')}\n`);
  });

  test('diversions and triggers are lists', async () => {
    const result = await merged([
      {
        '/var/lib/dpkg/diversions': '/a\n/a.real\nx\n',
        '/var/lib/dpkg/triggers/File': '/usr/share/man man-db/noawait\n',
      },
      {
        '/var/lib/dpkg/diversions': '/a\n/a.real\nx\n/b\n/b.real\ny\n',
        '/var/lib/dpkg/triggers/File': '/lib/x libc-bin\n',
      },
    ]);
    expect((await bytesAt(result, '/var/lib/dpkg/diversions')).toString()).toBe('/a\n/a.real\nx\n/b\n/b.real\ny\n');
    expect((await bytesAt(result, '/var/lib/dpkg/triggers/File')).toString()).toBe(
      '/usr/share/man man-db/noawait\n/lib/x libc-bin\n',
    );
  });

  test("distroless's files stand side by side, also beside a status", async () => {
    const d = '/var/lib/dpkg/status.d/';
    const result = await merged([
      { [`${d}a`]: stanza('a', '1') },
      { [`${d}b`]: stanza('b', '1') },
      ...status(stanza('c', '1')),
    ]);
    expect(result.conflicts).toEqual([]);
    const packages = await openPackages(treeFiles(result.tree));
    for (const name of ['a', 'b', 'c']) expect((await packages.package(name))?.version).toBe('1');
  });
});

describe('apk', () => {
  const block = (name: string, version: string) => `C:Q1\nP:${name}\nV:${version}\nA:x86_64\nF:bin\nR:${name}\n`;

  test('blocks, the world, the archive of scripts', async () => {
    const script = (name: string) =>
      encodeHeader({ kind: 'file', name, mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0, mtimeNs: 0 });
    const image = (names: string[]) => ({
      '/lib/apk/db/installed': names.map((name) => `${block(name, '1')}\n`).join(''),
      '/lib/apk/db/scripts.tar': Buffer.concat([
        ...names.map((name) => script(`${name}-1.post-install`)),
        END_OF_ARCHIVE,
      ]),
      '/etc/apk/world': names.map((name) => `${name}\n`).join(''),
    });
    const result = await merged([image(['musl', 'redis']), image(['musl', 'curl'])]);
    expect(result.conflicts).toEqual([]);
    const packages = await openPackages(treeFiles(result.tree));
    for (const name of ['musl', 'redis', 'curl']) expect(await packages.filesOf(name)).toContain(`/bin/${name}`);
    expect((await bytesAt(result, '/etc/apk/world')).toString()).toBe('musl\nredis\ncurl\n');
    const members = await scanAll(await bytesAt(result, '/lib/apk/db/scripts.tar'));
    expect(members.map(({ name }) => name)).toEqual(['musl', 'redis', 'curl'].map((name) => `${name}-1.post-install`));
  });

  test('two versions are a conflict', async () => {
    expect(told(await merged(at('/lib/apk/db/installed')(block('a', '1'), block('a', '2'))))).toEqual([
      '/lib/apk/db/installed package a version: 1 1 / 2 2',
    ]);
  });
});

test("rpm's database is told, with the reason", async () => {
  const { conflicts } = await merged(at('/var/lib/rpm/rpmdb.sqlite')('one', 'two'));
  expect(conflicts).toMatchObject([
    { where: '/var/lib/rpm/rpmdb.sqlite', what: ['content'], because: /rpm's database/ },
  ]);
});

describe('ld.so.cache', () => {
  const PATH = '/etc/ld.so.cache';
  const entry = (name: string, path: string) => ({ name, path, flags: 0x0303 });

  test('is made anew, of what is there', async () => {
    const one = {
      [PATH]: writeCacheFile([entry('liba.so', '/opt/liba.so'), entry('libgone.so', '/opt/libgone.so')], 'little'),
      '/opt/liba.so': 'a',
    };
    const two = { [PATH]: writeCacheFile([entry('libb.so', '/srv/libb.so')], 'little'), '/srv/libb.so': 'b' };
    const result = await merged([one, two]);
    expect(result.conflicts).toEqual([]);
    expect(
      readCacheFile(await bytesAt(result, PATH), 'little')
        ?.map(({ path }) => path)
        .sort(),
    ).toEqual(['/opt/liba.so', '/srv/libb.so']);
  });

  test('that no loader reads is told', async () => {
    const { conflicts } = await merged(at(PATH)('nonsense', 'other nonsense'));
    expect(conflicts).toMatchObject([{ where: PATH, sides: [{ images: [1] }] }]);
  });
});

test("copies that tools leave are the first image's, or the preferred one's", async () => {
  const copies = at('/var/lib/dpkg/status-old')('one', 'two');
  const first = await merged(copies);
  expect(first.conflicts).toEqual([]);
  expect((await bytesAt(first, '/var/lib/dpkg/status-old')).toString()).toBe('one');
  expect((await bytesAt(await merged(copies, 'last'), '/var/lib/dpkg/status-old')).toString()).toBe('two');
});

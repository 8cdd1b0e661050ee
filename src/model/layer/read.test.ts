import { describe, expect, it } from 'vitest';
import { memoryBlob } from '../../../test/bytes.ts';
import { GNU, oldSparse, rawMember } from '../../../test/tar.ts';
import { encodePax } from '../../formats/tar/pax-encode.ts';
import type { LayerEntry, NodeEntry } from './entry.ts';
import { LayerStream, readLayer } from './read.ts';

async function entriesOf(...parts: readonly Uint8Array[]): Promise<LayerEntry[]> {
  const bytes = Buffer.concat(parts);
  const blob = memoryBlob(bytes);
  const entries = await Array.fromAsync(readLayer(blob, bytes.length));
  const stream = new LayerStream(blob);
  const streamed = stream.push(bytes);
  stream.end();
  expect(streamed).toEqual(entries);
  return entries;
}

async function only(...parts: readonly Uint8Array[]): Promise<LayerEntry | undefined> {
  const entries = await entriesOf(...parts);
  expect(entries.length).toBeLessThanOrEqual(1);
  return entries[0];
}

describe('paths of a layer', () => {
  it.each([
    ['etc/passwd', '/etc/passwd'],
    ['./etc/passwd', '/etc/passwd'],
    ['/etc/passwd', '/etc/passwd'],
    ['etc//passwd', '/etc/passwd'],
    ['etc/./passwd', '/etc/passwd'],
    ['etc/x/../passwd', '/etc/passwd'],
    ['etc/.hidden', '/etc/.hidden'],
    ['..hidden', '/..hidden'],
    ['.', undefined],
    ['..', undefined],
    ['../../etc/passwd', '/etc/passwd'],
    ['/../etc/passwd', '/etc/passwd'],
    ['etc/passwd/', '/etc/passwd'],
    ['etc/passwd//', '/etc/passwd'],
    ['a\udcff/\u00e9', '/a\udcff/\u00e9'],
  ])('%s', async (name, path) => expect((await only(rawMember('0', name)))?.path).toBe(path));

  it('that climb above the root are told of at the end', async () => {
    const bytes = Buffer.concat([
      rawMember('0', '../../etc/passwd'),
      rawMember('0', 'a/../b'),
      rawMember('0', '/../x'),
    ]);
    const told: string[] = [];
    await Array.fromAsync(readLayer(memoryBlob(bytes), bytes.length, (text) => told.push(text)));
    expect(told).toEqual(['"../../etc/passwd" climbs above the root (and 1 more name): it is taken as /etc/passwd']);
    const stream = new LayerStream(memoryBlob(bytes));
    stream.push(bytes);
    expect(stream.warning).toBe(told[0]);
  });

  it.each(['.', './', '/', '..', './/.', 'a/..'])('the root may be called %s', async (name) => {
    expect(await only(rawMember('5', name))).toMatchObject({ kind: 'node', path: '/', node: { kind: 'dir' } });
  });

  it('of anything but a directory cannot be the root: it is passed over', async () => {
    expect(await only(rawMember('2', '..'))).toBeUndefined();
  });
});

describe('whiteouts', () => {
  it.each([
    ['.wh.a', 'whiteout', '/a'],
    ['b/.wh.a', 'whiteout', '/b/a'],
    ['./b/.wh..a', 'whiteout', '/b/.a'],
    ['b/.wh....', 'whiteout', '/b/...'],
    ['gone/../.wh.etc', 'whiteout', '/etc'],
    ['b/.wh..wh.a', 'whiteout', '/b/.wh.a'],
    ['.wh..wh..opq', 'opaque', '/'],
    ['b/c/.wh..wh..opq', 'opaque', '/b/c'],
  ])('%s', async (name, kind, path) => expect(await only(rawMember('0', name))).toEqual({ kind, path }));

  it('are so whatever the type of their entry', async () => {
    expect(await only(rawMember('1', '.wh.a', '', {}))).toEqual({ kind: 'whiteout', path: '/a' });
    expect(await only(rawMember('5', '.wh.a/'))).toEqual({ kind: 'whiteout', path: '/a' });
  });

  it('have no meaning in the name of a parent', async () => {
    expect(await only(rawMember('0', '.wh.etc/somefile'))).toMatchObject({ kind: 'node', path: '/.wh.etc/somefile' });
  });

  it.each(['.wh.', '.wh..', '.wh...', 'a/.wh.', 'a/.wh..', 'a/.wh...'])(
    '%s names nothing and is refused',
    async (name) => {
      await expect(entriesOf(rawMember('0', name))).rejects.toMatchObject({ code: 'INVALID' });
    },
  );
});

describe("AUFS's own files", () => {
  const kept = rawMember('0', '.wh..wh.plnk/12.34', 'body');

  it('are passed over', async () => {
    expect(await entriesOf(rawMember('5', '.wh..wh.plnk/'), kept, rawMember('0', '.wh..wh.aufs'))).toEqual([]);
  });

  it('lend their bytes to hard links, which are one file', async () => {
    const link = (name: string) => {
      const member = rawMember('1', name, '', { records: [['linkpath', '.wh..wh.plnk/12.34']] });
      return member;
    };
    const [a, b] = (await entriesOf(kept, link('a'), link('b'))) as NodeEntry[];
    expect(a).toMatchObject({ kind: 'node', path: '/a', node: { kind: 'file', content: { size: 4 } } });
    expect(b?.node).toBe(a?.node);
    await expect(entriesOf(link('a'))).rejects.toMatchObject({ code: 'INVALID' });
  });
});

describe('what entries say', () => {
  const node = async (...parts: readonly Uint8Array[]) => ((await only(...parts)) as NodeEntry).node;

  it('files, of which the bytes stay where they are', async () => {
    const bytes = rawMember('0', 'f', 'contents');
    const blob = memoryBlob(bytes);
    const [entry] = (await Array.fromAsync(readLayer(blob, bytes.length))) as NodeEntry[];
    expect(entry?.node).toMatchObject({ kind: 'file', content: { kind: 'slice', blob, offset: 512, size: 8 } });
    expect(await node(rawMember('7', 'f', 'x'))).toMatchObject({ kind: 'file', content: { size: 1 } });
  });

  it('sparse files, with their holes', async () => {
    const pairs = [
      [0, 5],
      [100, 3],
    ] as const;
    expect(await node(oldSparse('s', 200, pairs))).toMatchObject({
      content: {
        kind: 'sparse',
        size: 200,
        extents: [
          { at: 0, offset: 512, size: 5 },
          { at: 100, offset: 517, size: 3 },
        ],
      },
    });
  });

  it('links, symbolic and hard, as they are written', async () => {
    const linkpath = (target: string) => ({ records: [['linkpath', target]] as const });
    expect(await node(rawMember('2', 'l', '', linkpath('../x/./y')))).toMatchObject({ target: '../x/./y' });
    expect(await only(rawMember('1', 'l', '', linkpath('../x/./y')))).toMatchObject({
      kind: 'hardlink',
      path: '/l',
      target: '../x/./y',
      meta: { mode: 0o644 },
    });
    await expect(entriesOf(rawMember('2', 'l'))).rejects.toMatchObject({ code: 'INVALID' });
    await expect(entriesOf(rawMember('1', 'l'))).rejects.toMatchObject({ code: 'INVALID' });
  });

  it('devices and pipes', async () => {
    const records = [
      ['SCHILY.devmajor', '259'],
      ['SCHILY.devminor', '1048575'],
    ] as const;
    expect(await node(rawMember('4', 'd', '', { records }))).toMatchObject({
      kind: 'block',
      major: 259,
      minor: 1_048_575,
    });
    expect(await node(rawMember('3', 'd'))).toMatchObject({ kind: 'char', major: 0, minor: 0 });
    expect(await node(rawMember('6', 'p'))).toMatchObject({ kind: 'fifo' });
  });

  it('metadata, as one object where it is alike', async () => {
    const records = [['SCHILY.xattr.user.a', '1']] as const;
    const entries = (await entriesOf(
      rawMember('0', 'a'),
      rawMember('0', 'b'),
      rawMember('0', 'c', '', { records }),
      rawMember('0', 'd', '', { records }),
      rawMember('0', 'e', '', { records: [['uid', '4294967294']] }),
      rawMember('0', 'f', '', { records: [['uid', '4294967294']] }),
    )) as NodeEntry[];
    const metas = entries.map((entry) => entry.node.meta);
    expect(metas[1]).toBe(metas[0]);
    expect(metas[3]).toBe(metas[2]);
    expect(metas[5]).toBe(metas[4]);
    expect(new Set(metas).size).toBe(3);
    expect([...(metas[2]?.xattrs ?? [])]).toEqual([['user.a', Uint8Array.of(0x31)]]);
    expect(metas[4]).toMatchObject({ uid: 4_294_967_294 });
  });

  it.each([
    ['no owner at all', [['uid', '4294967295']]],
    ['a group beyond 32 bits', [['gid', '4294967296']]],
  ] as const)('%s is refused', async (_, records) => {
    await expect(entriesOf(rawMember('0', 'a', '', { records }))).rejects.toMatchObject({ code: 'INVALID' });
  });

  it('nothing of volume labels and global headers, as Go reads archives', async () => {
    const global = rawMember('g', 'g', encodePax([['uid', '7']]));
    const label = rawMember('V', 'label', '', { magic: GNU });
    expect(await only(global, label, rawMember('0', 'a'))).toMatchObject({ path: '/a', node: { meta: { uid: 0 } } });
  });

  it('what is no file is refused', async () => {
    await expect(entriesOf(rawMember('Q', 'a'))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('"a" has the type "Q"'),
    });
  });
});

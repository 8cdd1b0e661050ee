import { describe, expect, it } from 'vitest';
import { collect, memoryBlob } from '../../../test/bytes.ts';
import { scanAll } from '../../../test/tar.ts';
import { digestOf } from '../../base/digest.ts';
import { type Changeset, EMPTY_CHANGESET, WHITEOUT } from '../changeset.ts';
import { bytesContent, EMPTY_CONTENT, sliceContent } from '../content.ts';
import { TreeEditor } from '../editor.ts';
import { DIR_META, type DirInfo, FILE_META, type FileNode } from '../node.ts';
import { EMPTY_TREE } from '../tree.ts';
import { layerSize, writeLayer } from './write.ts';

const DIR: DirInfo = { kind: 'dir', meta: DIR_META, mtime: 1, mtimeNs: 0 };
const FILE: FileNode = { kind: 'file', meta: FILE_META, mtime: 1, mtimeNs: 0, link: undefined, content: EMPTY_CONTENT };

/** One of everything: what `docs/layer-format.md` fixes. */
function everything() {
  const editor = new TreeEditor();
  const link = { link: true } as const;
  editor.putDir('/', { ...DIR, meta: { mode: 0o755, uid: 0, gid: 0 } });
  editor.putDir('/B', { ...DIR, meta: { mode: 0o1777, uid: 3_000_000_000, gid: 5 }, mtime: -2, mtimeNs: 500_000_000 });
  editor.put('/B/file', { ...FILE, content: bytesContent('hello'), mtime: 1_700_000_000, mtimeNs: 123_456_789, link });
  editor.put('/a', { ...FILE, content: bytesContent('hello'), mtime: 1_700_000_000, mtimeNs: 123_456_789, link });
  editor.put('/a-b', { ...FILE, content: bytesContent('x'.repeat(600)) });
  const xattrs = new Map([
    ['user.z', Uint8Array.of(0, 255)],
    ['security.capability', Uint8Array.of(1, 0, 0, 2, 10)],
  ]);
  editor.put('/caps', { ...FILE, meta: { mode: 0o4755, uid: 1, gid: 2, xattrs } });
  editor.put('/null', { kind: 'char', meta: FILE_META, mtime: 1, mtimeNs: 0, link: undefined, major: 1, minor: 3 });
  editor.put('/pipe', { kind: 'fifo', meta: FILE_META, mtime: 1, mtimeNs: 0, link: undefined });
  editor.put('/not utf-8 \udcff', FILE);
  editor.put('/\u00e9', FILE);
  editor.put(`/${'l'.repeat(120)}/${'n'.repeat(120)}`, FILE);
  editor.put('/link', {
    kind: 'symlink',
    meta: FILE_META,
    mtime: 1,
    mtimeNs: 0,
    link: undefined,
    target: 't'.repeat(120),
  });
  const blob = memoryBlob(Buffer.from('0123456789'));
  const extents = [{ at: 1000, offset: 3, size: 4 }];
  editor.put('/sparse', { ...FILE, content: { kind: 'sparse', blob, size: 70_000, extents } });
  editor.put('/slice', { ...FILE, content: sliceContent(blob, 2, 3) });
  return editor.done();
}

describe('a tree', () => {
  it('is written in the order of names, parents first, the root as ./', async () => {
    const bytes = await collect(writeLayer(everything()));
    const entries = await scanAll(bytes);
    expect(entries.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'dir ./',
      'dir B/',
      'file B/file',
      'hardlink a',
      'file a-b',
      'file caps',
      'symlink link',
      `dir ${'l'.repeat(120)}/`,
      `file ${'l'.repeat(120)}/${'n'.repeat(120)}`,
      'file not utf-8 \udcff',
      'char null',
      'fifo pipe',
      'file slice',
      'file sparse',
      'file \u00e9',
    ]);
    const link = entries[3];
    expect(link).toMatchObject({ linkname: 'B/file', size: 0, mtimeNs: 123_456_789 });
    expect(entries.every(({ uname, gname }) => uname === '' && gname === '')).toBe(true);
    const sparse = entries.find(({ name }) => name === 'sparse');
    expect(sparse).toMatchObject({ size: 70_000, stored: 70_000, extents: undefined });
    const content = bytes.subarray(sparse?.body, (sparse?.body ?? 0) + 70_000);
    expect(content.equals(Buffer.concat([Buffer.alloc(1000), Buffer.from('3456'), Buffer.alloc(68_996)]))).toBe(true);
  });

  it('is always these bytes: a change of this digest is a change of the format', async () => {
    expect(digestOf(await collect(writeLayer(everything())))).toBe(
      'sha256:3a5ff0ced4ea2d0d00903d30a41a3daefe2f1e9891248ee94e0a716d54cf6fda',
    );
  });

  it('that is empty has a root', async () => {
    const bytes = await collect(writeLayer(EMPTY_TREE));
    expect(bytes.length).toBe(3 * 512);
    expect(layerSize(EMPTY_TREE)).toBe(3 * 512);
  });

  it.each(['.wh.x', '.wh..wh..opq'])('cannot have a file called %s', async (name) => {
    const editor = new TreeEditor();
    editor.put(`/etc/${name}`, FILE);
    await expect(collect(writeLayer(editor.done()))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  it('of which a content is not what it promises is refused', async () => {
    const editor = new TreeEditor();
    const blob = { ...memoryBlob(Buffer.alloc(10)), read: async () => Buffer.alloc(3) };
    editor.put('/short', { ...FILE, content: sliceContent(blob, 0, 5) });
    await expect(collect(writeLayer(editor.done()))).rejects.toMatchObject({
      code: 'INVALID',
      message: '"short" has 3 bytes where 5 were promised',
    });
  });

  it('of large files comes in pieces, none of them kept', async () => {
    const editor = new TreeEditor();
    const large = memoryBlob(Buffer.alloc(5_000_000, 7));
    for (const name of ['a', 'b', 'c']) editor.put(`/${name}`, { ...FILE, content: sliceContent(large, 5, 4_000_000) });
    const tree = editor.done();
    let size = 0;
    for await (const piece of writeLayer(tree)) {
      expect(piece.length).toBeLessThanOrEqual(1 << 20);
      size += piece.length;
    }
    expect(size).toBe(layerSize(tree));
  });
});

describe('a changeset', () => {
  const names = async (changes: Changeset, below = EMPTY_TREE) =>
    (await scanAll(await collect(writeLayer(changes, { below })))).map(({ kind, name }) => `${kind} ${name}`);
  const change = (children: Record<string, Changeset['root']['changes'][number]>, more = {}): Changeset['root'] => ({
    kind: 'dir-change',
    info: undefined,
    opaque: false,
    names: Object.keys(children).sort(),
    changes: Object.keys(children)
      .sort()
      .map((name) => children[name]!),
    ...more,
  });

  it('that changes nothing has no entries', async () => {
    expect(await names(EMPTY_CHANGESET)).toEqual([]);
  });

  it('has whiteouts among the other names, and an opaque mark behind its directory', async () => {
    const root = change({
      b: change({ x: FILE, gone: WHITEOUT }, { opaque: true, info: DIR }),
      a: WHITEOUT,
      c: FILE,
    });
    expect(await names({ root })).toEqual([
      'file .wh.a',
      'dir b/',
      'file b/.wh..wh..opq',
      'file b/.wh.gone',
      'file b/x',
      'file c',
    ]);
    expect(await names({ root: { ...root, opaque: true, info: DIR } })).toContain('file .wh..wh..opq');
  });

  it('describes every directory on the way: as it is below, or as new', async () => {
    const root = change({ etc: change({ x: FILE }) });
    expect(await names({ root })).toEqual(['dir etc/', 'file etc/x']);
    const editor = new TreeEditor();
    editor.putDir('/etc', { ...DIR, meta: { mode: 0o1775, uid: 5, gid: 6 } });
    const below = editor.done();
    const described = async (changes: Changeset) =>
      (await scanAll(await collect(writeLayer(changes, { below })))).map(({ name, mode, uid, mtime }) => {
        return [name, mode, uid, mtime];
      });
    expect(await described({ root })).toEqual([
      ['etc/', 0o1775, 5, 1],
      ['etc/x', 0o644, 0, 1],
    ]);
    expect(await described({ root: { ...root, opaque: true } })).toEqual([
      ['.wh..wh..opq', 0o644, 0, 0],
      ['etc/', 0o755, 0, 0],
      ['etc/x', 0o644, 0, 1],
    ]);
  });

  it('writes a file below that gains a name again, under all names it goes on having', async () => {
    const editor = new TreeEditor();
    const link = { link: true } as const;
    editor.put('/old', { ...FILE, content: bytesContent('bytes'), link });
    editor.put('/other', { ...FILE, content: bytesContent('bytes'), link });
    const below = editor.done();
    const hardlink = { kind: 'hardlink', target: '/old' } as const;
    const entries = async (root: Changeset['root']) =>
      (await scanAll(await collect(writeLayer({ root }, { below })))).map(({ kind, name, linkname, size }) => [
        kind,
        name,
        linkname,
        size,
      ]);
    expect(await entries(change({ new: hardlink }))).toEqual([
      ['file', 'new', '', 5],
      ['hardlink', 'old', 'new', 0],
      ['hardlink', 'other', 'new', 0],
    ]);
    expect(await entries(change({ new: hardlink, old: WHITEOUT }))).toEqual([
      ['file', 'new', '', 5],
      ['file', '.wh.old', '', 0],
      ['hardlink', 'other', 'new', 0],
    ]);
    expect(await entries(change({ new: hardlink, newer: hardlink, old: WHITEOUT, other: FILE }))).toEqual([
      ['file', 'new', '', 5],
      ['hardlink', 'newer', 'new', 0],
      ['file', '.wh.old', '', 0],
      ['file', 'other', '', 0],
    ]);
  });
});

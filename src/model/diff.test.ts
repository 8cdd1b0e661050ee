import { describe, expect, test } from 'vitest';
import { collect, memoryBlob } from '../../test/bytes.ts';
import { describeTree, file, linesOf, treeOf } from '../../test/trees.ts';
import { ImageError } from '../base/errors.ts';
import { apply } from './apply.ts';
import { type Changeset, changeAt, changesetOf, EMPTY_CHANGESET, walkChanges } from './changeset.ts';
import { compose } from './compose.ts';
import { sliceContent } from './content.ts';
import { diff } from './diff.ts';
import { type Aspect, differences, differencesInBytes, sameTree, sameTreeInBytes } from './difference.ts';
import { TreeEditor } from './editor.ts';
import { contentPieces } from './layer/content-pieces.ts';
import { type FileNode, IMPLICIT_DIR, type Leaf, type Node, withLink } from './node.ts';
import { nodeAt, type Tree } from './tree.ts';

/** What a changeset does, one line each; directories that only lead somewhere left out. */
function lines(changeset: Changeset): string[] {
  return [...walkChanges(changeset)].flatMap(({ path, change }) => {
    if (change.kind === 'whiteout') return [`${path} gone`];
    if (change.kind === 'hardlink') return [`${path} => ${change.target} below`];
    if (change.kind !== 'dir-change') return [`${path} ${change.kind}${change.link === undefined ? '' : ' linked'}`];
    return change.info === undefined && !change.opaque ? [] : [`${path}/${change.opaque ? ' opaque' : ''}`];
  });
}

describe('a difference', () => {
  test.each([
    ['nothing', '/a one\n/b/c two', '/a one\n/b/c two', ''],
    ['a changed file', '/a one\n/b two', '/a new\n/b two', '/a file'],
    ['a new directory', '/a one', '/a one\n/b/c two', '/b/\n/b/c file'],
    ['a removed directory', '/a one\n/b/c two', '/a one', '/b gone'],
    ['a file for a directory', '/a/b one', '/a one', '/a file'],
    ['a directory for a file', '/a one', '/a/b one', '/a/\n/a/b file'],
    ['a further name', '/a one', '/a one\n/b => /a', '/b => /a below'],
    ['a further name that sorts first', '/b one', '/b one\n/a => /b', '/a => /b below'],
    ['a name less', '/a one\n/b => /a\n/c => /a', '/a one\n/c => /a', '/b gone'],
    ['a name that becomes a file of its own', '/a one\n/b => /a', '/a one\n/b one', '/b file'],
    ['two files that become one', '/a one\n/b one', '/a one\n/b => /a', '/b => /a below'],
    ['a linked file that changes', '/a one\n/b => /a', '/a new\n/b => /a', '/a file linked\n/b file linked'],
    ['most names stay', '/a x\n/b x\n/c => /b', '/a x\n/b => /a\n/c => /a', '/a => /b below'],
  ])('says no more than has to be written: %s', (_what, before, after, expected) => {
    const changes = diff(treeOf(before), treeOf(after));
    expect(lines(changes)).toEqual(linesOf(expected));
    expect(describeTree(apply(treeOf(before), changes))).toEqual(describeTree(treeOf(after)));
  });

  test('leaves directories that both trees share, even where their links are wanted elsewhere', () => {
    const before = treeOf('/a x\n/d/b => /a');
    const editor = new TreeEditor(before);
    editor.put('/a', withLink(nodeAt(before, '/a') as Leaf, undefined));
    const after = editor.done();
    expect(nodeAt(after, '/d')).toBe(nodeAt(before, '/d'));
    expect(lines(diff(before, after))).toEqual(['/a file']);
    expect(sameTree(apply(before, diff(before, after)), after)).toBe(true);
  });

  test('of trees a hundred thousand levels deep is found, applied, composed and compared', () => {
    const deep = (text: string) => {
      const editor = new TreeEditor();
      editor.put(`${'/d'.repeat(100_000)}/x`, file(text));
      return editor.done();
    };
    const changes = diff(deep('one'), deep('two'));
    expect(sameTree(apply(deep('one'), compose(changes, EMPTY_CHANGESET)), deep('two'))).toBe(true);
  });
});

describe('a changeset made for another tree', () => {
  const link: Changeset = diff(treeOf('/d/a one'), treeOf('/d/a one\n/b => /d/a'));

  test.each(['/d/x one', '/d/a/ ', '/x one'])('does not apply where a link has no file: %j', (tree) => {
    expect(() => apply(treeOf(tree), link)).toThrow(ImageError);
  });

  test.each([
    ['removes it', '/d/a one', '/d/'],
    ['removes its directory', '/d/a one', '/x one'],
    ['makes it a directory', '/d/a one', '/d/a/'],
    ['makes its directory a file', '/d/a one', '/d one'],
  ])('does not follow a layer that %s', (_what, before, after) => {
    expect(() => compose(diff(treeOf(before), treeOf(after)), link)).toThrow(
      expect.objectContaining({ code: 'CONFLICT', message: 'no file at /d/a to make a hard link to' }),
    );
  });
});

test('what a changeset leaves at a path', () => {
  const inner = changesetOf([['/d/a', file('x')]]);
  expect(changeAt(inner, '/d/a')).toEqual(file('x'));
  expect(changeAt(inner, '/')).toBe(inner.root);
  expect(changeAt(inner, '/d/b')).toBe('below');
  expect(changeAt(inner, '/e/f')).toBe('below');
  expect(changeAt(inner, '/d/a/x')).toBe('hidden');
  const opaque = { root: { ...inner.root, opaque: true } };
  expect(changeAt(opaque, '/d/b')).toBe('hidden');
  expect(changeAt(opaque, '/d/a')).toEqual(file('x'));
});

describe('where trees differ', () => {
  const base = (node: Node): Tree => ({ root: { ...IMPLICIT_DIR, names: ['x'], nodes: [node] } });
  const one = file('one') as FileNode;
  const fifo = { ...IMPLICIT_DIR, kind: 'fifo', link: undefined } as const;
  const device = { ...fifo, kind: 'char', major: 1, minor: 3 } as const;
  const link = { ...fifo, kind: 'symlink', target: 'a' } as const;

  test.each<[Aspect[], Node, Node]>([
    [['kind'], fifo, device],
    [['mode'], one, { ...one, meta: { ...one.meta, mode: 0o600 } }],
    [['owner'], one, { ...one, meta: { ...one.meta, uid: 7 } }],
    [['owner'], one, { ...one, meta: { ...one.meta, gid: 7 } }],
    [['mtime'], one, { ...one, mtimeNs: 1 }],
    [['xattrs'], one, { ...one, meta: { ...one.meta, xattrs: new Map([['user.a', Uint8Array.of()]]) } }],
    [['content'], one, file('two')],
    [['target'], link, { ...link, target: 'b' }],
    [['device'], device, { ...device, minor: 5 }],
    [['mode', 'mtime'], one, { ...one, meta: { ...one.meta, mode: 0 }, mtime: 1 }],
  ])('%j', (aspects, before, after) => {
    expect([...differences(base(before), base(after))]).toEqual([{ path: '/x', before, after, aspects }]);
    expect(sameTree(base(before), base(after))).toBe(false);
  });

  test('names that are new, gone, or linked otherwise', () => {
    const found = [...differences(treeOf('/a x\n/b => /a\n/c/d x'), treeOf('/a x\n/b x\n/e x'))];
    expect(found.map(({ path, before, after, aspects }) => [path, before?.kind, after?.kind, aspects.join()])).toEqual([
      ['/b', 'file', 'file', 'links'],
      ['/c', 'dir', undefined, ''],
      ['/c/d', 'file', undefined, ''],
      ['/e', undefined, 'file', ''],
    ]);
  });

  test('a token that only one name bears links nothing', () => {
    expect(sameTree(base(one), base(withLink(one, { link: true })))).toBe(true);
  });

  test('bytes are compared where references differ', async () => {
    const bytes = Buffer.from('some bytes that are the same'.repeat(20_000));
    const at = (content: FileNode['content']): Tree => base({ ...one, content });
    const slice = at(sliceContent(memoryBlob(bytes, 'a'), 0, bytes.length));
    const other = at(sliceContent(memoryBlob(Buffer.concat([Buffer.of(1), bytes]), 'b'), 1, bytes.length));
    const half = bytes.length / 2;
    const extents = [
      { at: 0, offset: 0, size: half },
      { at: half, offset: half, size: half },
    ];
    const sparse = at({ kind: 'sparse', blob: memoryBlob(bytes, 'c'), size: bytes.length, extents });
    const changed = Buffer.from(bytes);
    changed[changed.length - 1] = 0;
    const last = at(sliceContent(memoryBlob(changed, 'd'), 0, bytes.length));
    const shorter = at(sliceContent(memoryBlob(bytes, 'e'), 0, bytes.length - 1));
    expect(sameTree(slice, other)).toBe(false);
    expect(await sameTreeInBytes(slice, other)).toBe(true);
    expect(await sameTreeInBytes(slice, sparse)).toBe(true);
    expect(await sameTreeInBytes(slice, last)).toBe(false);
    expect(await sameTreeInBytes(slice, shorter)).toBe(false);
    expect((await Array.fromAsync(differencesInBytes(slice, last))).map(({ aspects }) => aspects)).toEqual([
      ['content'],
    ]);
    expect(await collect(contentPieces((nodeAt(sparse, '/x') as FileNode).content))).toEqual(bytes);
  });
});

import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { bytesContent } from '../../../model/content.ts';
import { TreeEditor } from '../../../model/editor.ts';
import type { FileNode, LinkToken } from '../../../model/node.ts';
import { EMPTY_TREE, nodeAt, type Tree, walk } from '../../../model/tree.ts';
import { type CopyRequest, copyInto } from './copy.ts';
import { resolveOwner } from './owner.ts';
import { compileName, matchingPaths } from './wildcards.ts';

const file = (text: string, link?: LinkToken): FileNode => ({
  kind: 'file',
  meta: { mode: 0o640, uid: 5, gid: 6 },
  mtime: 100,
  mtimeNs: 0,
  link,
  content: bytesContent(text),
});

/** `name → text`; a text that begins with `->` is a link. */
function treeOf(entries: Readonly<Record<string, string>>): Tree {
  const editor = new TreeEditor();
  for (const [path, text] of Object.entries(entries)) {
    const target = /^-> ?(.*)$/.exec(text)?.[1];
    const { content: _, kind: __, ...common } = file('');
    editor.put(path, target === undefined ? file(text) : { ...common, kind: 'symlink', target });
  }
  return editor.done();
}

const paths = (tree: Tree) => [...walk(tree)].map(({ path }) => path).slice(1);

async function copy(below: Tree, from: Tree, path: string, destination: string, more: Partial<CopyRequest> = {}) {
  const sources = [{ kind: 'path', tree: from, path, unpacks: false }] as const;
  const request = { sources, destination, owner: undefined, mode: undefined, excludes: undefined, time: 7, ...more };
  return copyInto(below, request, async () => undefined);
}

describe('wildcards', () => {
  test.each([
    ['*', 'abc', true],
    ['a?c', 'abc', true],
    ['[^a]bc', 'abc', false],
    ['[a-c]*', 'bz', true],
    ['[c-a]*', 'bz', false],
    ['[^c-a]*', 'bz', true],
    ['[\\]-\\^]', '^', true],
    ['[[]xyz]', '[xyz]', true],
    ['a-*', 'a-b', true],
    ['a.b', 'axb', false],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
  ])('%s on %s', (pattern, name, matches) => expect(compileName(pattern)(name)).toBe(matches));

  test('** is one name', () => {
    const tree = treeOf({ '/a.txt': '', '/x/b.txt': '', '/x/y/c.txt': '', '/x/d.md': '' });
    expect(matchingPaths(tree, '/**/*.txt')).toEqual(['/x/b.txt']);
    expect(matchingPaths(tree, '/x/*.txt')).toEqual(['/x/b.txt']);
  });

  test('a class that is not closed is refused', () => {
    expect(() => matchingPaths(EMPTY_TREE, '/[a')).toThrow('a [ that is not closed');
  });

  test('any pattern ends with an answer or an error of its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab*?[]^\\-!/') }), (text) => {
        try {
          matchingPaths(treeOf({ '/a': '', '/b/a': '' }), `/${text}`);
        } catch (error) {
          expect(error).toMatchObject({ name: 'ImageError' });
        }
      }),
    );
  });
});

describe('destinations', () => {
  const from = treeOf({ '/f': 'x', '/d/a': '1', '/d/e/b': '2' });

  test.each([
    ['/f', '/to', ['/to']],
    ['/f', '/to/', ['/to', '/to/f']],
    ['/d', '/to', ['/to', '/to/a', '/to/e', '/to/e/b']],
    ['/d', '/', ['/a', '/e', '/e/b']],
    ['/f', '/a/b/c', ['/a', '/a/b', '/a/b/c']],
  ])('%s to %s', async (path, destination, wanted) => {
    expect(paths(await copy(EMPTY_TREE, from, path, destination))).toEqual(wanted);
  });

  test('directories that are made are root’s, 0755, of the time given; with an owner, the owner’s', async () => {
    const tree = await copy(EMPTY_TREE, from, '/d', '/a/b');
    expect(nodeAt(tree, '/a')).toMatchObject({ meta: { mode: 0o755, uid: 0, gid: 0 }, mtime: 7 });
    expect(nodeAt(tree, '/a/b')).toMatchObject({ meta: { mode: 0o755, uid: 0, gid: 0 }, mtime: 0 });
    const owned = nodeAt(await copy(EMPTY_TREE, from, '/d', '/a/b', { owner: { uid: 3, gid: 4 } }), '/a');
    expect(owned).toMatchObject({ meta: { uid: 3, gid: 4 } });
  });

  test('a link on the way is followed inside the root, also to nowhere', async () => {
    const below = treeOf({ '/link': '-> ../../real', '/real/old': '' });
    expect(paths(await copy(below, from, '/f', '/link/f'))).toEqual(['/link', '/real', '/real/f', '/real/old']);
    const dangling = treeOf({ '/link': '-> gone' });
    expect(paths(await copy(dangling, from, '/f', '/link/x/'))).toEqual(['/gone', '/gone/x', '/gone/x/f', '/link']);
  });

  test('a file does not replace a directory, nor a directory a file', async () => {
    await expect(copy(treeOf({ '/to/a/x': '' }), from, '/d', '/to')).rejects.toThrow('where a directory stands');
    await expect(copy(treeOf({ '/to/e': '' }), from, '/d', '/to')).rejects.toThrow('where a file stands');
    await expect(copy(treeOf({ '/to': '' }), from, '/f', '/to/f')).rejects.toThrow('is no directory');
  });
});

describe('times and permissions of directories', () => {
  const info = (tree: Tree, path: string) => {
    const node = nodeAt(tree, path);
    return [node?.meta.mode.toString(8), node?.mtime];
  };
  const from = new TreeEditor(treeOf({ '/d/in/f': 'x' }));
  for (const path of ['/d', '/d/in']) {
    from.putDir(path, { kind: 'dir', meta: { mode: 0o711, uid: 0, gid: 0 }, mtime: 100, mtimeNs: 0 });
  }
  const below = new TreeEditor(treeOf({ '/to/in/g': 'y', '/to/out/h': 'z' }));

  test('one in which something is put has the time of the build', async () => {
    const tree = await copy(below.done(), from.done(), '/d/in/f', '/to/in/');
    expect([info(tree, '/to/in'), info(tree, '/to')]).toEqual([
      ['755', 7],
      ['755', 0],
    ]);
  });

  test('one that is named keeps its permissions, and has its source’s time; those in it are as at the source', async () => {
    const tree = await copy(below.done(), from.done(), '/d', '/to');
    expect([info(tree, '/to'), info(tree, '/to/in'), info(tree, '/to/out')]).toEqual([
      ['755', 100],
      ['711', 100],
      ['755', 0],
    ]);
  });

  test('one that comes for what is in it is made anew, or keeps all but its permissions', async () => {
    const sources = [
      { kind: 'path', tree: from.done(), path: '/', includes: (path: string) => path === 'd/in/f', unpacks: false },
    ] as const;
    const made = await copy(EMPTY_TREE, EMPTY_TREE, '/', '/new/', { sources });
    expect([info(made, '/new'), info(made, '/new/d'), info(made, '/new/d/in')]).toEqual([
      ['755', 7],
      ['711', 7],
      ['711', 7],
    ]);
    const joined = await copy(treeOf({ '/d/in/g': 'y' }), EMPTY_TREE, '/', '/', { sources });
    expect([info(joined, '/d'), info(joined, '/d/in')]).toEqual([
      ['711', 0],
      ['711', 7],
    ]);
  });
});

describe('sources', () => {
  test('one that is a link is what it leads to, under its own name', async () => {
    const from = treeOf({ '/real': 'x', '/link': '-> real' });
    const tree = await copy(EMPTY_TREE, from, '/link', '/to/');
    expect(nodeAt(tree, '/to/link')?.kind).toBe('file');
  });

  test('one that is missing is named; a pattern without a match copies nothing', async () => {
    await expect(copy(EMPTY_TREE, EMPTY_TREE, '/no', '/to')).rejects.toThrow('"/no" is not there');
    expect(paths(await copy(EMPTY_TREE, treeOf({ '/a': '' }), '/no*', '/to'))).toEqual([]);
  });

  test('what is excluded stays out, but for a directory of something that does not', async () => {
    const from = treeOf({ '/d/a': '', '/d/e/b': '', '/d/e/c': '', '/d/f/g': '' });
    const excludes = (path: string) => path !== 'e/c' && (path.startsWith('e') || path === 'f/g' || path === 'f');
    expect(paths(await copy(EMPTY_TREE, from, '/d', '/', { excludes }))).toEqual(['/a', '/e', '/e/c']);
  });

  test('owner and mode of all that is copied; links keep theirs', async () => {
    const from = treeOf({ '/d/a': '', '/d/l': '-> a' });
    const options = { owner: { uid: 1, gid: 2 }, mode: (mode: number, isDir: boolean) => (isDir ? mode : 0o600) };
    const tree = await copy(EMPTY_TREE, from, '/d', '/', options);
    expect(nodeAt(tree, '/a')?.meta).toEqual({ mode: 0o600, uid: 1, gid: 2 });
    expect(nodeAt(tree, '/l')?.meta).toEqual({ mode: 0o640, uid: 1, gid: 2 });
  });

  test('hard links stay among the copies, and are none of what was copied', async () => {
    const link = { link: true } as const;
    const editor = new TreeEditor();
    editor.put('/d/a', file('x', link));
    editor.put('/d/b', file('x', link));
    const from = editor.done();
    const tree = await copy(from, from, '/d', '/to');
    const [a, b, old] = ['/to/a', '/to/b', '/d/a'].map((path) => (nodeAt(tree, path) as FileNode).link);
    expect(a).toBe(b);
    expect(a).not.toBe(old);
  });
});

describe('owners', () => {
  const tree = treeOf({
    '/etc/passwd': 'root:x:0:0::/:/bin/sh\nann:x:7:8::/:/bin/sh\n',
    '/etc/group': 'staff:x:50:\n',
  });

  test.each([
    ['ann', 7, 8],
    ['ann:staff', 7, 50],
    ['ann:3', 7, 3],
    ['5', 5, 5],
    ['5:staff', 5, 50],
  ])('%s', async (text, uid, gid) => {
    const unknown = vi.fn();
    expect(await resolveOwner(tree, text, unknown)).toEqual({ uid, gid });
    expect(unknown).not.toHaveBeenCalled();
  });

  test('a name that is not there is root, and that is told', async () => {
    const unknown = vi.fn();
    expect(await resolveOwner(tree, 'bob', unknown)).toEqual({ uid: 0, gid: 0 });
    expect(unknown).toHaveBeenLastCalledWith(`/etc/passwd has no "bob": what it is to own is root's`);
    expect(await resolveOwner(tree, 'ann:bobs', unknown)).toEqual({ uid: 7, gid: 8 });
    expect(unknown).toHaveBeenCalledTimes(2);
    await expect(resolveOwner(EMPTY_TREE, '5:bobs', unknown)).rejects.toThrow('there is no /etc/group');
  });
});

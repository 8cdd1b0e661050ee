import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { names, trees } from '../../test/arbitraries.ts';
import { describeTree, file, linesOf, treeOf } from '../../test/trees.ts';
import { indexOfName, overlaid, pairedChildren, sortedKeys } from './children.ts';
import { bytesContent } from './content.ts';
import { TreeEditor } from './editor.ts';
import { type DirInfo, IMPLICIT_DIR, metaInterner, type Node, sameMeta } from './node.ts';
import { countEntries, EMPTY_DIR, EMPTY_TREE, nodeAt, unpackedSize, walk } from './tree.ts';

describe('a tree', () => {
  const tree = treeOf('/b/c/d one\n/b/e two\n/a/\n/b.txt three\n/b/f => /b/e\n/é four');

  test('is walked parents first, siblings by name', () => {
    const paths = [...walk(tree)].map(({ path }) => path);
    expect(paths).toEqual(['/', '/a', '/b', '/b/c', '/b/c/d', '/b/e', '/b/f', '/b.txt', '/é']);
    expect([...walk(tree, '/b/c')].map(({ path }) => path)).toEqual(['/b/c', '/b/c/d']);
    expect([...walk(tree, '/b/e')]).toHaveLength(1);
    expect([...walk(tree, '/gone')]).toEqual([]);
  });

  test('has a size: a file with two names counts once', () => {
    expect(unpackedSize(tree)).toBe('one'.length + 'two'.length + 'three'.length + 'four'.length);
    expect(countEntries(tree)).toBe(8);
    expect(countEntries(EMPTY_TREE)).toBe(0);
  });

  test('is walked, found and changed a hundred thousand levels deep', () => {
    const path = '/d'.repeat(100_000);
    const editor = new TreeEditor();
    editor.put(`${path}/x`, file('x'));
    const deep = editor.done();
    expect(countEntries(deep)).toBe(100_001);
    expect(nodeAt(deep, `${path}/x`)).toEqual(file('x'));
    const again = new TreeEditor(deep);
    again.put(`${path}/y`, file('y'));
    expect(countEntries(again.done())).toBe(100_002);
  });
});

describe('sorted children', () => {
  const lists = fc.uniqueArray(names, { maxLength: 8 }).map((list) => list.sort());

  test('are found', () => {
    fc.assert(
      fc.property(lists, names, (list, name) => {
        const index = indexOfName(list, name);
        const at = index < 0 ? -1 - index : index;
        expect(list[at] === name).toBe(index >= 0);
        expect([...list.slice(0, at), name, ...list.slice(at)]).toEqual([...list, name].sort());
      }),
    );
  });

  test('are laid over others', () => {
    const values = fc.array(fc.option(fc.nat(), { nil: undefined }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(lists, lists, values, (lower, upper, choice) => {
        const all = new Map(lower.map((name, i) => [name, 100 + i]));
        const over = upper.map((_, i) => choice[i]);
        upper.forEach((name, i) => {
          const value = over[i];
          if (value === undefined) all.delete(name);
          else all.set(name, value);
        });
        const found = overlaid(
          lower,
          lower.map((_, i) => 100 + i),
          upper,
          over,
        );
        expect(found.names).toEqual(sortedKeys(all));
        expect(found.values).toEqual(sortedKeys(all).map((name) => all.get(name)));
      }),
    );
  });

  test('are paired', () => {
    fc.assert(
      fc.property(lists, lists, (a, b) => {
        const dir = (list: string[]) => ({ ...EMPTY_DIR, names: list, nodes: list.map((text) => file(text)) });
        const found = pairedChildren(dir(a), dir(b));
        expect(found.map(({ name }) => name)).toEqual([...new Set([...a, ...b])].sort());
        for (const pair of found) {
          expect(pair.a).toEqual(a.includes(pair.name) ? file(pair.name) : undefined);
          expect(pair.b).toEqual(b.includes(pair.name) ? file(pair.name) : undefined);
        }
      }),
    );
  });
});

describe('an editor', () => {
  const INFO: DirInfo = { ...IMPLICIT_DIR, mtime: 5 };

  test('puts, removes and describes', () => {
    const editor = new TreeEditor(treeOf('/a/b one\n/a/c two\n/d three'));
    editor.put('/a/b', file('new'));
    editor.put('/x/y/z', file('deep'), INFO);
    editor.putDir('/d', INFO);
    expect(editor.remove('/a/c')).toBe(true);
    expect(editor.remove('/a/c')).toBe(false);
    expect(editor.remove('/nowhere/at/all')).toBe(false);
    expect(editor.get('/nowhere')).toBeUndefined();
    expect(editor.get('/a/b')).toEqual(file('new'));
    expect(editor.get('/x/y')).toMatchObject(INFO);
    expect([editor.names('/'), editor.names('/a'), editor.names('/a/b')]).toEqual([['a', 'd', 'x'], ['b'], undefined]);
    const tree = editor.done();
    expect(describeTree(tree)).toEqual(linesOf('/a/\n/a/b new\n/d/\n/x/\n/x/y/\n/x/y/z deep'));
    expect(nodeAt(tree, '/d')).toMatchObject(INFO);
    editor.put('/x/y', file('no directory any more'));
    expect(describeTree(editor.done())).toContain('/x/y no directory any more');
    expect(describeTree(tree)).toContain('/x/y/z deep');
  });

  test('makes a directory of a file that is in the way', () => {
    const editor = new TreeEditor(treeOf('/a one'));
    editor.put('/a/b', file('new'));
    expect(describeTree(editor.done())).toEqual(linesOf('/a/\n/a/b new'));
  });

  test('keeps the root: its children can go, and it can be replaced by a directory only', () => {
    const editor = new TreeEditor({ root: { ...treeOf('/a one').root, mtime: 9 } });
    expect([editor.remove('/'), editor.remove('/')]).toEqual([true, false]);
    expect(editor.done().root).toEqual({ ...EMPTY_DIR, mtime: 9 });
    expect(() => editor.put('/', file('x'))).toThrow('bug');
    editor.put('/', treeOf('/b two').root);
    expect(describeTree(editor.done())).toEqual(['/b two']);
  });

  test('shares what it does not change', () => {
    const before = treeOf('/a/b/c one\n/d/e two');
    expect(new TreeEditor(before).done().root).toBe(before.root);
    const editor = new TreeEditor(before);
    editor.put('/d/f', file('new'));
    expect(nodeAt(editor.done(), '/a')).toBe(nodeAt(before, '/a'));
  });

  test('does what a list of paths would', () => {
    const steps = fc.array(
      fc.tuple(fc.constantFrom('put', 'dir', 'remove'), fc.array(names, { minLength: 1, maxLength: 3 })),
    );
    fc.assert(
      fc.property(trees, steps, (tree, all) => {
        const editor = new TreeEditor(tree);
        const list = new Map<string, Node>([...walk(tree)].map(({ path, node }) => [path, node]));
        const clear = (path: string) => {
          for (const other of list.keys()) if (other.startsWith(`${path}/`)) list.delete(other);
        };
        const makeDir = (path: string) => {
          if (list.get(path)?.kind !== 'dir') list.set(path, EMPTY_DIR);
        };
        for (const [what, parts] of all) {
          const path = `/${parts.join('/')}`;
          if (what === 'remove') {
            expect(editor.remove(path)).toBe(list.has(path));
            list.delete(path);
            clear(path);
            continue;
          }
          parts.slice(0, -1).forEach((_, i) => {
            makeDir(`/${parts.slice(0, i + 1).join('/')}`);
          });
          if (what === 'dir') {
            editor.putDir(path, IMPLICIT_DIR);
            makeDir(path);
          } else {
            editor.put(path, file(path));
            list.set(path, file(path));
            clear(path);
          }
        }
        const found = [...walk(editor.done())].map(({ path, node }) => `${path} ${node.kind}`);
        expect(found.sort()).toEqual([...list].map(([path, node]) => `${path} ${node.kind}`).sort());
      }),
      { numRuns: 1000 },
    );
  });
});

describe('metadata', () => {
  const xattrs = (name: string, ...bytes: number[]) => new Map([[name, Uint8Array.from(bytes)]]);
  const variants = [
    undefined,
    xattrs('user.a', 1),
    xattrs('user.a', 2),
    xattrs('user.a', 1, 1),
    xattrs('user.b', 1),
    new Map([...xattrs('user.a', 1), ...xattrs('user.b', 1)]),
  ];

  test('is one object where it is equal, and two where it is not', () => {
    const intern = metaInterner();
    const metas = [0o644, 0o755].flatMap((mode) => variants.map((one) => ({ mode, uid: 1, gid: 2, xattrs: one })));
    const interned = metas.map((meta) => intern(meta));
    expect(new Set(interned).size).toBe(metas.length);
    metas.forEach((meta, i) => {
      const copy = { ...meta, xattrs: meta.xattrs && new Map([...meta.xattrs].reverse()) };
      expect(intern(copy)).toBe(interned[i]);
      metas.forEach((other, j) => {
        expect(sameMeta(copy, other)).toBe(i === j);
      });
    });
    expect(sameMeta({ mode: 0, uid: 0, gid: 0 }, { mode: 0, uid: 0, gid: 0, xattrs: new Map() })).toBe(true);
  });

  test('bytes are content', () => {
    expect(bytesContent('é')).toMatchObject({ kind: 'bytes', size: 2 });
  });
});

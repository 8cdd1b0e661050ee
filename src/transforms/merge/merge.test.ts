/** Merging against trees made by hand, and its laws on random ones. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { trees } from '../../../test/arbitraries.ts';
import { describeTree, file, linesOf, symlink, treeOf } from '../../../test/trees.ts';
import { encodeName } from '../../base/names.ts';
import type { RunConfig } from '../../formats/oci/types.ts';
import { bytesContent } from '../../model/content.ts';
import { sameTree, sameTreeInBytes } from '../../model/difference.ts';
import { TreeEditor } from '../../model/editor.ts';
import { IMPLICIT_DIR, type Leaf, type Meta } from '../../model/node.ts';
import { resolve } from '../../model/resolve.ts';
import { nodeAt, type Tree, walk } from '../../model/tree.ts';
import { readFileNode } from '../../ports/tree-files.ts';
import { type Merged, merge } from './merge.ts';
import { parsePreferences } from './prefer.ts';

const PLATFORM = { os: 'linux', architecture: 'amd64' };

function merged(
  all: readonly Tree[],
  prefer: readonly string[] = [],
  configs: readonly RunConfig[] = [],
): Promise<Merged> {
  const inputs = all.map((tree, i) => ({ reference: `image${i + 1}`, tree, config: configs[i] }));
  return merge({ inputs, platform: PLATFORM, choose: parsePreferences(prefer, all.length) });
}

const files = (texts: Readonly<Record<string, string>>): Tree => {
  const editor = new TreeEditor();
  for (const [path, text] of Object.entries(texts))
    editor.put(path, { ...file(''), content: bytesContent(encodeName(text)) } as Leaf);
  return editor.done();
};

async function textAt({ tree }: Merged, path: string): Promise<string> {
  const node = nodeAt(tree, path);
  if (node?.kind !== 'file') throw new Error(`no file at ${path}`);
  return Buffer.from(await readFileNode(node)).toString();
}

/** `path: what: who has what / …` */
function told({ conflicts }: Merged): string[] {
  return conflicts.map(({ where, item, what, sides }) => {
    const has = sides.map(({ images, has }) => `${images.join('+')} ${has}`).join(' / ');
    return [where, ...(item === undefined ? [] : [item]), what.join(' '), has].join(': ');
  });
}

describe('trees by path', () => {
  test('files of all, identical ones once, hard links kept', async () => {
    const one = treeOf(`
      /bin/a one
      /bin/b => /bin/a
      /etc/same same
    `);
    const two = treeOf(`
      /bin/c two
      /etc/same same
      /srv/
    `);
    const { tree, conflicts } = await merged([one, two]);
    expect(conflicts).toEqual([]);
    expect(describeTree(tree)).toEqual(
      linesOf(`
        /bin/
        /bin/a one
        /bin/b => /bin/a
        /bin/c two
        /etc/
        /etc/same same
        /srv/
      `),
    );
  });

  test('hard links that only a later image has are kept', async () => {
    const { tree } = await merged([treeOf('/a x'), treeOf('/a x\n/b => /a')]);
    expect(describeTree(tree)).toEqual(['/a x', '/b => /a']);
  });

  test('every conflict is told, sorted, with who has what', async () => {
    const one = treeOf(`
      /z one
      /a/x
      /kind a file
      /link -> here
      /same => /z
    `);
    const two = treeOf(`
      /z two
      /a -> b
      /kind/in it
      /link -> there
      /same one
    `);
    expect(told(await merged([one, two, one]))).toEqual([
      '/a: kind: 1+3 directory 0755 0:0 / 2 link to b',
      '/kind: kind: 1+3 file 0644 0:0, 6 B / 2 directory 0755 0:0',
      '/link: target: 1+3 link to here / 2 link to there',
      '/z: content: 1+3 file 0644 0:0, 3 B, content A / 2 file 0644 0:0, 3 B, content B',
    ]);
  });

  test.each([
    [['first'], ['/a', 'one', 'one']],
    [['last'], ['/a', 'three', 'two']],
    [['/a=2'], ['/a', 'two', undefined]],
    [
      ['/b=3', 'last'],
      ['/a', 'three', 'two'],
    ],
    [
      ['*=2', 'first'],
      ['/a', 'two', 'two'],
    ],
    [
      ['/b=1', '/**=3', 'last'],
      ['/a', 'three', 'one'],
    ],
  ])('--prefer %j', async (prefer, [, a, b]) => {
    const all = [files({ '/a': 'one', '/b': 'one' }), files({ '/a': 'two', '/b': 'two' }), files({ '/a': 'three' })];
    const result = await merged(all, prefer);
    expect(await textAt(result, '/a')).toBe(a);
    if (b === undefined) expect(result.conflicts.map(({ where }) => where)).toEqual(['/b']);
    else expect(await textAt(result, '/b')).toBe(b);
  });

  test.each(['', 'x', '/a', '/a=', '/a=0', '/a=4', '/a=-1', '=1', '/[=1'])('--prefer %j makes no sense', (text) => {
    expect(() => parsePreferences([text], 3)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test('first and last at once make none either', () => {
    expect(() => parsePreferences(['first', 'last'], 2)).toThrow(/contradict/);
  });

  const META: Meta = { mode: 0o644, uid: 0, gid: 0 };
  test.each<[string, Partial<Meta>]>([
    ['mode', { mode: 0o4755 }],
    ['owner', { uid: 1000 }],
    ['owner', { gid: 5 }],
    ['xattrs', { xattrs: new Map([['security.capability', Uint8Array.of(1)]]) }],
  ])('another %s is a conflict of files and of directories', async (what, meta) => {
    const make = (given: Meta) => {
      const editor = new TreeEditor(files({ '/file': 'x' }));
      editor.put('/file', { ...file('x'), meta: given });
      editor.putDir('/dir', { ...IMPLICIT_DIR, meta: given });
      return editor.done();
    };
    const { conflicts } = await merged([make(META), make({ ...META, ...meta })]);
    expect(conflicts.map(({ where, what: kinds }) => [where, kinds])).toEqual([
      ['/dir', [what]],
      ['/file', [what]],
    ]);
    const { tree } = await merged([make(META), make({ ...META, ...meta })], ['last']);
    expect(nodeAt(tree, '/dir')?.meta).toMatchObject(meta);
  });

  test('times are no conflict: a directory gets the newest, a file keeps the first', async () => {
    const at = (mtime: number) => {
      const editor = new TreeEditor();
      editor.putDir('/', { ...IMPLICIT_DIR, mtime });
      editor.putDir('/dir', { ...IMPLICIT_DIR, mtime: 10 - mtime });
      editor.put('/file', { ...file('x'), mtime });
      return editor.done();
    };
    const { tree, conflicts } = await merged([at(3), at(4), at(2)]);
    expect(conflicts).toEqual([]);
    expect(['/', '/dir', '/file'].map((path) => nodeAt(tree, path)?.mtime)).toEqual([4, 8, 3]);
  });
});

describe('laws', () => {
  const alone = async (tree: Tree) => (await merged([tree])).tree;

  test('one image is itself, and so is an image with itself', async () => {
    await fc.assert(
      fc.asyncProperty(trees, async (tree) => {
        expect(sameTree(await alone(tree), tree)).toBe(true);
        const twice = await merged([tree, tree, tree]);
        expect(twice.conflicts).toEqual([]);
        expect(sameTree(twice.tree, tree)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('an image with a copy of itself, whose objects are others, is itself', async () => {
    const again = ({ root }: Tree): Tree => {
      const editor = new TreeEditor({ root: { ...root, names: [], nodes: [] } });
      const tokens = new Map<object, { link: true }>();
      for (const { path, node } of walk({ root })) {
        if (node.kind === 'dir') editor.putDir(path, { ...node });
        else {
          const link = node.link && (tokens.get(node.link) ?? { link: true as const });
          if (node.link !== undefined && link !== undefined) tokens.set(node.link, link);
          const content =
            node.kind === 'file' && node.content.kind === 'bytes'
              ? { content: bytesContent(Uint8Array.from(node.content.bytes)) }
              : {};
          editor.put(path, { ...node, ...content, link } as Leaf);
        }
      }
      return editor.done();
    };
    await fc.assert(
      fc.asyncProperty(trees, async (tree) => {
        const twice = await merged([tree, again(tree)]);
        expect(twice.conflicts).toEqual([]);
        expect(await sameTreeInBytes(twice.tree, tree)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('disjoint ones commute and are associative', async () => {
    const below = (name: string) =>
      trees.map((tree) => {
        const editor = new TreeEditor();
        editor.put(`/${name}`, tree.root);
        return editor.done();
      });
    await fc.assert(
      fc.asyncProperty(below('one'), below('two'), below('three'), async (a, b, c) => {
        const all = (await merged([a, b, c])).tree;
        expect(sameTree((await merged([c, b, a])).tree, all)).toBe(true);
        expect(sameTree((await merged([(await merged([a, b])).tree, c])).tree, all)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('whatever the images are, a preference settles everything', async () => {
    await fc.assert(
      fc.asyncProperty(trees, trees, fc.constantFrom('first', 'last'), async (a, b, which) => {
        expect((await merged([a, b], [which])).conflicts).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test('without a conflict every file is found at the path it had, and none is made up', async () => {
    let free = 0;
    await fc.assert(
      fc.asyncProperty(plainTrees, plainTrees, async (a, b) => {
        const { tree, conflicts } = await merged([a, b]);
        if (conflicts.length > 0) return;
        free++;
        const all = [a, b].flatMap((one) => [...walk(one)]);
        for (const { path, node } of all) {
          const found = resolve(tree, path, { follow: node.kind === 'dir' });
          expect(found).toMatchObject({ kind: 'found', node: { kind: node.kind } });
          if (node.kind === 'file') expect(found).toMatchObject({ node: { content: node.content } });
        }
        const paths = new Set(all.map(({ path }) => path)).size;
        expect([...walk(tree)].length).toBeLessThanOrEqual(paths + MADE_DIRECTORIES);
      }),
      { numRuns: 1000 },
    );
    expect(free).toBeGreaterThan(50);
  });
});

/** Where a link led may have had to be made. */
const MADE_DIRECTORIES = 8;

/** Of one owner and mode, so that fewer collide, and links to directories often stand beside directories. */
const plainTrees: fc.Arbitrary<Tree> = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom(
        '/lib',
        '/bin',
        '/usr/lib',
        '/usr/bin',
        '/lib/a',
        '/usr/lib/a',
        '/lib/b/c',
        '/usr/bin/d',
        '/opt/e',
      ),
      fc.constantFrom('/', 'text', '-> usr/lib', '-> /usr/bin', '-> ../opt', '-> b', '-> ../../usr'),
    ),
    { selector: ([path]) => path, maxLength: 6 },
  )
  .map((all) => {
    const editor = new TreeEditor();
    for (const [path, what] of all.sort(([x], [y]) => (x < y ? -1 : 1))) {
      if (what === '/') editor.putDir(path, IMPLICIT_DIR);
      else editor.put(path, what === 'text' ? file(`of ${path.split('/').at(-1)}`) : symlink(what.slice(3)));
    }
    return editor.done();
  });

describe('a link to a directory beside a directory', () => {
  const MERGED_USR = treeOf(`
    /lib -> usr/lib
    /bin -> usr/bin
    /usr/lib/libc.so c
    /usr/bin/sh sh
  `);

  test('what is in the directory goes where the link leads', async () => {
    const unmerged = treeOf(`
      /lib/libx.so x
      /lib/modules/one m
      /usr/lib/liby.so y
      /bin/tool t
    `);
    for (const [order, all] of [
      ['first', [MERGED_USR, unmerged]],
      ['last', [unmerged, MERGED_USR]],
    ] as const) {
      const { tree, conflicts } = await merged(all);
      expect(conflicts, order).toEqual([]);
      expect(describeTree(tree), order).toEqual(
        linesOf(`
          /bin -> usr/bin
          /lib -> usr/lib
          /usr/
          /usr/bin/
          /usr/bin/sh sh
          /usr/bin/tool t
          /usr/lib/
          /usr/lib/libc.so c
          /usr/lib/libx.so x
          /usr/lib/liby.so y
          /usr/lib/modules/
          /usr/lib/modules/one m
        `),
      );
    }
  });

  test('links that climb out of it lead to the same place; what was there for the other side goes', async () => {
    const unmerged = treeOf(`
      /lib/x/up -> ../../etc/conf
      /lib/x/in -> ../y
      /lib/top -> ../opt
      /lib/y real
      /usr/lib/y -> /lib/y
      /usr/lib/z z
      /lib/z -> ../usr/lib/z
      /etc/conf conf
    `);
    const { tree, conflicts } = await merged([MERGED_USR, unmerged]);
    expect(conflicts).toEqual([]);
    expect(describeTree(tree).filter((line) => line.startsWith('/usr/lib/'))).toEqual(
      linesOf(`
        /usr/lib/
        /usr/lib/libc.so c
        /usr/lib/top -> ../../opt
        /usr/lib/x/
        /usr/lib/x/in -> ../y
        /usr/lib/x/up -> ../../../etc/conf
        /usr/lib/y real
        /usr/lib/z z
      `),
    );
  });

  test.each([
    ['another file is there already', '/lib/a one', '/usr/lib/a two'],
    ['a directory is there already', '/lib/a one', '/usr/lib/a/b two'],
    ['what the link leads to is a file there', '/lib/a one', '/usr/lib file'],
  ])('where it cannot be done it is a conflict: %s', async (_what, one, two) => {
    const { conflicts } = await merged([MERGED_USR, treeOf(`${one}\n${two}`)]);
    expect(conflicts.map(({ where, what }) => [where, what])).toContainEqual(['/lib', ['kind']]);
  });

  test('links that lead elsewhere, into themselves or nowhere are left to be told', async () => {
    for (const target of ['/nowhere', 'lib/deeper', '/lib', 'usr/../lib']) {
      const { conflicts } = await merged([treeOf(`/lib -> ${target}`), treeOf('/lib/a one')]);
      expect(conflicts.map(({ where }) => where)).toEqual(['/lib']);
    }
    const other = treeOf('/lib -> opt\n/opt/a one');
    expect((await merged([MERGED_USR, other, treeOf('/lib/b two')])).conflicts.map(({ where }) => where)).toEqual([
      '/lib',
    ]);
  });
});

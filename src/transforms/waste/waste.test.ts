import { expect, test } from 'vitest';
import { digestOf } from '../../base/digest.ts';
import { apply } from '../../model/apply.ts';
import { type Changeset, EMPTY_CHANGESET, WHITEOUT } from '../../model/changeset.ts';
import { bytesContent } from '../../model/content.ts';
import { diff } from '../../model/diff.ts';
import { TreeEditor } from '../../model/editor.ts';
import { FILE_META, type FileNode, type Meta } from '../../model/node.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import { readFileNode, treeFiles } from '../../ports/tree-files.ts';
import type { BuiltLayer } from './built.ts';
import { wasteOf } from './waste.ts';

const MB = 1_000_000;

function file(size: number, more: { meta?: Meta; mtime?: number; fill?: number } = {}): FileNode {
  const { meta = FILE_META, mtime = 1, fill = 1 } = more;
  const content = bytesContent(new Uint8Array(size).fill(fill));
  return { kind: 'file', meta, mtime, mtimeNs: 0, link: undefined, content };
}

/** The tree with these files, and without those that are undefined. */
function edited(tree: Tree, files: Readonly<Record<string, FileNode | undefined>>): Tree {
  const editor = new TreeEditor(tree);
  for (const [path, node] of Object.entries(files)) {
    if (node === undefined) editor.remove(path);
    else editor.put(path, node);
  }
  return editor.done();
}

async function hints(
  config: object,
  ...steps: [by: string | undefined, files: Record<string, FileNode | undefined>][]
) {
  let tree = EMPTY_TREE;
  const layers: BuiltLayer[] = steps.map(([by, files]) => {
    const next = edited(tree, files);
    const changes = diff(tree, next);
    tree = next;
    return { by, changes };
  });
  const digest = async (node: FileNode) => digestOf(await readFileNode(node));
  const found = await wasteOf({ layers, tree, files: treeFiles(tree), config, digestOf: digest });
  return found.map(({ rule, bytes, message }) => [rule, bytes, /"([^"]*)"/.exec(message)?.[1]]);
}

test('caches of package managers that are still there', async () => {
  const lists = '/var/lib/apt/lists/x_Packages';
  expect(
    await hints(
      {},
      [undefined, { '/var/lib/apt/lists/base': file(5 * MB) }],
      ['RUN /bin/sh -c apt-get update # buildkit', { [lists]: file(2 * MB), '/usr/bin/x': file(3 * MB) }],
      ['RUN pip install a', { '/home/app/.cache/pip/http/a': file(MB, { fill: 2 }) }],
    ),
  ).toEqual([
    ['PackageCacheLeft', 2 * MB, 'RUN apt-get update'],
    ['PackageCacheLeft', MB, 'RUN pip install a'],
  ]);
  expect(await hints({}, ['RUN apt-get update', { [lists]: file(MB - 1) }])).toEqual([]);
});

test('what a later layer removes, replaces or changes', async () => {
  const root: Meta = { mode: 0o755, uid: 0, gid: 0 };
  expect(
    await hints(
      {},
      [undefined, { '/base': file(9 * MB), '/other': file(4 * MB, { fill: 3 }) }],
      [
        'COPY a /src',
        { '/src/a': file(2 * MB), '/src/b': file(3 * MB, { fill: 2 }), '/app': file(5 * MB, { fill: 5 }) },
      ],
      ['RUN rm', { '/src/a': undefined, '/src/b': file(10, { mtime: 2 }), '/base': undefined }],
      ['RUN chmod', { '/app': file(5 * MB, { fill: 5, meta: root }), '/other': file(4 * MB, { fill: 3, meta: root }) }],
    ),
  ).toEqual([
    ['ChangedInLaterLayer', 9 * MB, 'RUN chmod'],
    ['RemovedInLaterLayer', 5 * MB, 'RUN rm'],
  ]);
});

test('a directory that is gone takes all with it', async () => {
  const first = edited(EMPTY_TREE, { '/src/a/x': file(2 * MB), '/src/a/y': file(MB, { fill: 2 }), '/z': file(1) });
  const gone: Changeset = { root: { ...EMPTY_CHANGESET.root, names: ['src'], changes: [WHITEOUT] } };
  const layers = [
    { by: 'COPY . /src', changes: diff(EMPTY_TREE, first) },
    { by: 'RUN rm -rf /src', changes: gone },
  ];
  const tree = apply(first, gone);
  const found = await wasteOf({ layers, tree, files: treeFiles(tree), config: {}, digestOf: async () => digestOf('') });
  expect(found.map(({ rule, bytes }) => [rule, bytes])).toEqual([['RemovedInLaterLayer', 3 * MB]]);
});

test('equal files, and links, which cost nothing', async () => {
  const link = { link: true } as const;
  expect(
    await hints(
      {},
      [undefined, { '/a': file(2 * MB), '/b': file(2 * MB), '/lib/c': file(3 * MB, { fill: 7 }) }],
      ['COPY c /d', { '/d': file(3 * MB, { fill: 7 }), '/e': file(3 * MB, { fill: 8 }) }],
      ['RUN ln', { '/f': { ...file(4 * MB), link }, '/g': { ...file(4 * MB), link } }],
    ),
  ).toEqual([['CopiedTwice', 3 * MB, undefined]]);
});

test('compilers and what only they need', async () => {
  const tools = {
    '/usr/bin/gcc': file(MB),
    '/usr/lib/gcc/x/cc1': file(20 * MB),
    '/usr/lib/gcc/x/libgcc_s.so.1': file(MB, { fill: 2 }),
  };
  expect(await hints({}, ['RUN apt-get install gcc', tools])).toEqual([['BuildToolsInFinalStage', 21 * MB, undefined]]);
  expect(await hints({}, ['COPY', { '/usr/lib/gcc/x/libgcc.a': file(2 * MB), '/usr/bin/x': file(MB) }])).toEqual([]);
});

test('a base of which nothing is used', async () => {
  const app = process.execPath;
  const { readFileSync } = await import('node:fs');
  const elf: FileNode = { ...file(0), content: bytesContent(staticElf(readFileSync(app))) };
  const base: [undefined, Record<string, FileNode>] = [undefined, { '/usr/lib/big': file(30 * MB) }];
  expect(await hints({ Entrypoint: ['/app'] }, base, ['COPY app /app', { '/app': elf }])).toEqual([
    ['BaseLargerThanUsed', 30 * MB, undefined],
  ]);
  expect(await hints({ Entrypoint: ['/app'] }, base, ['COPY app /app', { '/app': file(100) }])).toEqual([]);
  expect(await hints({ Cmd: ['/usr/lib/big'] }, base, ['COPY app /app', { '/app': elf }])).toEqual([]);
});

/** The ELF header alone: a program without an interpreter and without libraries. */
function staticElf(program: Uint8Array): Uint8Array {
  const header = Buffer.from(program.subarray(0, 64));
  header.writeUInt16LE(2, 16);
  header.writeBigUInt64LE(0n, 32);
  header.writeBigUInt64LE(0n, 40);
  for (const at of [56, 60, 62]) header.writeUInt16LE(0, at);
  return header;
}

/** Root filesystems written to a directory and to a tar, and read again. @module */
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseReference } from '../../src/formats/reference/parse.ts';
import { differencesInBytes } from '../../src/model/difference.ts';
import { TreeEditor } from '../../src/model/editor.ts';
import type { DirInfo, FileNode, Meta } from '../../src/model/node.ts';
import { infoOf, type Tree, walk } from '../../src/model/tree.ts';
import { treeFiles } from '../../src/ports/tree-files.ts';
import { openSink, saveRoot } from '../../src/sinks.ts';
import { openRoot } from '../../src/sources.ts';
import { saveImage } from '../../src/transforms/save/save.ts';
import { trees } from '../arbitraries.ts';
import { imageOf, treeOf, type Workplace, workplace } from '../images.ts';
import { filesContract } from './files.case.ts';

const isRoot = process.getuid?.() === 0;

filesContract({
  name: 'a tree in memory',
  open: async (tree) => ({ files: treeFiles(tree), async [Symbol.asyncDispose]() {} }),
});

for (const [name, place] of [
  ['a directory', 'rootfs:DIR/root'],
  ['a tar', 'tar:DIR/root.tar'],
  ['a gzip tar', 'tar:DIR/root.tar.gz'],
  ['a zstd tar', 'tar:DIR/root.tar.zst'],
  ['an image', 'oci:DIR/layout'],
] as const) {
  filesContract({
    name,
    open: async (tree) => {
      const there = await workplace();
      const reference = place.replace('DIR', there.dir);
      await save(tree, reference, there);
      const root = await openRoot(reference, there.access);
      return {
        files: root.files,
        [Symbol.asyncDispose]: async () => {
          await root[Symbol.asyncDispose]();
          await there[Symbol.asyncDispose]();
        },
      };
    },
  });
}

async function save(tree: Tree, reference: string, { access }: Workplace): Promise<void> {
  const parsed = parseReference(reference);
  if (parsed.kind === 'rootfs' || parsed.kind === 'tar') {
    await saveRoot(tree, parsed, access);
    return;
  }
  await using sink = await openSink(parsed, access);
  await saveImage(imageOf(tree), sink);
}

async function differencesAfter(tree: Tree, reference: string, place: Workplace): Promise<string[]> {
  await save(tree, reference, place);
  await using root = await openRoot(reference, place.access);
  const found = await Array.fromAsync(differencesInBytes(tree, await root.tree()));
  return found.map(({ path, aspects }) => `${path} ${aspects.join(' ')}`);
}

/** cap_net_bind_service, effective: capabilities of files have a form, which the kernel checks (linux/capability.h). */
const CAPABILITY = Uint8Array.of(1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

/** Without what a disk cannot hold: links without a target or with a mode, attributes that the kernel gives to files only. */
function onDisk(tree: Tree): Tree {
  const editor = new TreeEditor(tree);
  const dirMeta = ({ meta: { mode, uid, gid } }: DirInfo): Meta => ({ mode, uid, gid });
  for (const { path, node } of walk(tree)) {
    const { uid, gid, mode, xattrs } = node.meta;
    if (node.kind === 'symlink') {
      editor.put(path, { ...node, target: node.target || 'x', link: undefined, meta: { mode: 0o777, uid, gid } });
    } else if (node.kind === 'dir') editor.putDir(path, { ...infoOf(node), meta: dirMeta(node) });
    else if (node.kind !== 'file') editor.remove(path);
    else if (xattrs?.has('security.capability')) {
      const valid = new Map([['security.capability', CAPABILITY]]);
      editor.put(path, { ...node, link: undefined, meta: { mode, uid, gid, xattrs: valid } });
    }
  }
  return editor.done();
}

describe.skipIf(!isRoot)('as root, trees come back exactly', () => {
  test('from a directory', async () => {
    await using place = await workplace();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(trees.map(onDisk), async (tree) => {
        expect(await differencesAfter(tree, `rootfs:${place.dir}/${count++}`, place)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('devices and fifos', async () => {
    await using place = await workplace();
    const editor = new TreeEditor(treeOf({}));
    const common = { meta: { mode: 0o620, uid: 1, gid: 5 }, mtime: 5, mtimeNs: 6, link: undefined };
    editor.put('/null', { kind: 'char', ...common, major: 1, minor: 3 });
    editor.put('/disk', { kind: 'block', ...common, major: 259, minor: 70_000 });
    editor.put('/fifo', { kind: 'fifo', ...common });
    expect(await differencesAfter(editor.done(), `rootfs:${place.dir}/dev`, place)).toEqual([]);
  });
});

test.skipIf(isRoot)('as an ordinary user, what only root can set is left out and counted', async () => {
  await using place = await workplace();
  const owned = { mode: 0o6755, uid: 12_345, gid: 12_345 };
  const editor = new TreeEditor(treeOf({ '/setuid': 'x', '/own': 'y' }, owned));
  const common = { meta: owned, mtime: 5, mtimeNs: 6, link: undefined };
  editor.put('/null', { kind: 'char', ...common, major: 1, minor: 3 });
  editor.put('/fifo', { kind: 'fifo', ...common });
  await save(editor.done(), `rootfs:${place.dir}/root`, place);
  expect(readdirSync(`${place.dir}/root`).sort()).toEqual(['fifo', 'own', 'setuid']);
  expect(lstatSync(`${place.dir}/root/setuid`).mode & 0o7777).toBe(0o755);
  expect(place.warnings).toEqual([expect.stringMatching(/3 entries belong to you.*1 device was left out/)]);
});

test('a tar of the same tree has the same bytes', async () => {
  await using place = await workplace();
  const tree = treeOf({ '/a': 'x'.repeat(100_000), '/b/c': 'y' });
  for (const suffix of ['', '.gz', '.tgz', '.zst']) {
    for (const name of ['one', 'two']) await save(tree, `tar:${place.dir}/${name}.tar${suffix}`, place);
    const [one, two] = ['one', 'two'].map((name) => readFileSync(`${place.dir}/${name}.tar${suffix}`));
    expect(one?.equals(two as Buffer), suffix).toBe(true);
    await using root = await openRoot(`tar:${place.dir}/one.tar${suffix}`, place.access);
    expect((await root.tree()).root.names).toEqual(['a', 'b']);
  }
});

test('a layer taken for a root filesystem is warned about', async () => {
  await using place = await workplace();
  const { encodeHeader } = await import('../../src/formats/tar/encode.ts');
  const meta = { kind: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0, mtimeNs: 0 } as const;
  const blocks = [
    encodeHeader({ ...meta, name: '.wh.gone' }),
    encodeHeader({ ...meta, name: 'there' }),
    Buffer.alloc(1024),
  ];
  writeFileSync(`${place.dir}/layer.tar`, Buffer.concat(blocks));
  await using root = await openRoot(`tar:${place.dir}/layer.tar`, place.access);
  expect((await root.tree()).root.names).toEqual(['there']);
  expect(place.warnings).toEqual([expect.stringMatching(/1 whiteouts/)]);
});

describe('writing a directory', () => {
  test.each([['with a file in it'], ['that is a file']])('refuses one %s', async (what) => {
    await using place = await workplace();
    const dir = `${place.dir}/there`;
    if (what === 'that is a file') writeFileSync(dir, 'x');
    else {
      mkdirSync(dir);
      writeFileSync(`${dir}/mine`, 'x');
    }
    const saved = save(treeOf({ '/a': 'x' }), `rootfs:${dir}`, place);
    await expect(saved).rejects.toMatchObject({ code: 'CONFLICT' });
    if (what !== 'that is a file') expect(readdirSync(dir)).toEqual(['mine']);
  });

  test('that fails leaves nothing', async () => {
    await using place = await workplace();
    const tree = treeOf({ '/a/b': 'x' });
    const broken: FileNode = {
      ...(tree.root.nodes[0] as unknown as FileNode),
      kind: 'file',
      link: undefined,
      content: {
        kind: 'slice',
        offset: 0,
        size: 3,
        blob: {
          id: 'broken',
          read: () => Promise.reject(new Error('the disk broke')),
          // biome-ignore lint/correctness/useYield: it fails before there is anything to yield
          stream: async function* () {
            throw new Error('the disk broke');
          },
        },
      },
    };
    const editor = new TreeEditor(tree);
    editor.put('/z', broken);
    await expect(save(editor.done(), `rootfs:${place.dir}/new`, place)).rejects.toThrow('the disk broke');
    expect(readdirSync(place.dir)).toEqual([]);
  });

  test('never goes through a link of the tree', async () => {
    await using place = await workplace();
    mkdirSync(`${place.dir}/outside`);
    const editor = new TreeEditor(treeOf({ '/dir/file': 'inside' }));
    editor.put('/out', { ...linkTo(`${place.dir}/outside`) });
    await save(editor.done(), `rootfs:${place.dir}/root`, place);
    expect(readdirSync(`${place.dir}/outside`)).toEqual([]);
    expect(lstatSync(`${place.dir}/root/out`).isSymbolicLink()).toBe(true);
  });

  test('refuses names that are no names', async () => {
    await using place = await workplace();
    for (const name of ['..', '.', 'a\0b']) {
      const root = { ...treeOf({}).root, names: [name], nodes: [treeOf({ '/x': 'x' }).root.nodes[0] as FileNode] };
      await expect(save({ root }, `rootfs:${place.dir}/${name.length}`, place)).rejects.toMatchObject({
        code: 'INVALID',
      });
    }
  });
});

function linkTo(target: string) {
  const meta = { mode: 0o777, uid: 0, gid: 0 };
  return { kind: 'symlink', meta, mtime: 0, mtimeNs: 0, link: undefined, target } as const;
}

test.skipIf(process.platform !== 'linux')("this machine: the kernel's own file systems are empty", async () => {
  await using place = await workplace();
  await using root = await openRoot('host:', place.access);
  for (const path of ['/proc', '/sys']) {
    expect(await root.files.lookup(path), path).toMatchObject({ kind: 'dir' });
    expect(await root.files.list(path), path).toEqual([]);
  }
  expect(await root.files.lookup('/proc/self')).toBeUndefined();
  expect(await root.files.resolve('/proc/self/exe')).toMatchObject({ kind: 'missing', at: '/proc/self' });
  const executable = await root.files.resolve(process.execPath);
  expect(executable).toMatchObject({ kind: 'found', node: { kind: 'file' } });
  expect(root.platform).toMatchObject({ os: 'linux' });
});

describe('reading a directory', () => {
  test('the directory may be reached through a link; what is no directory is said to be none', async () => {
    await using place = await workplace();
    mkdirSync(`${place.dir}/real`);
    writeFileSync(`${place.dir}/real/a`, 'x');
    symlinkSync('real', `${place.dir}/link`);
    symlinkSync('nowhere', `${place.dir}/dangling`);
    await using root = await openRoot(`rootfs:${place.dir}/link`, place.access);
    expect(await root.files.list('/')).toEqual(['a']);
    for (const path of ['real/a', 'dangling', 'none']) {
      await expect(openRoot(`rootfs:${place.dir}/${path}`, place.access), path).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    }
  });

  test.each([
    ['grew', 'a longer text', /its size went from 4 to 13 bytes/],
    ['was written to', 'same', /written to/],
  ])('a file that %s since it was looked at is an error', async (_, text, message) => {
    await using place = await workplace();
    const path = `${place.dir}/root/file`;
    mkdirSync(`${place.dir}/root`);
    writeFileSync(path, 'text');
    await using root = await openRoot(`rootfs:${place.dir}/root`, place.access);
    const node = (await root.files.lookup('/file')) as FileNode;
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(path, text);
    await expect(root.files.read(node)).rejects.toThrow(message);
  });

  test.skipIf(isRoot)('what may not be looked into counts as absent, with a warning', async () => {
    await using place = await workplace();
    mkdirSync(`${place.dir}/root/closed/in`, { recursive: true });
    chmodSync(`${place.dir}/root/closed`, 0);
    await using root = await openRoot(`rootfs:${place.dir}/root`, place.access);
    expect(await root.files.lookup('/closed/in')).toBeUndefined();
    expect(place.warnings).toEqual([expect.stringMatching(/closed.*counts as absent/)]);
    chmodSync(`${place.dir}/root/closed`, 0o700);
  });
});

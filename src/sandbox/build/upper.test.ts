import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linkedTrees, trees } from '../../../test/arbitraries.ts';
import { file, linesOf, symlink, treeOf } from '../../../test/trees.ts';
import { apply } from '../../model/apply.ts';
import { type Changeset, walkChanges } from '../../model/changeset.ts';
import { bytesContent } from '../../model/content.ts';
import { diff } from '../../model/diff.ts';
import { differences, sameTreeInBytes } from '../../model/difference.ts';
import { TreeEditor } from '../../model/editor.ts';
import { DIR_META, FILE_META, type Leaf, type Meta } from '../../model/node.ts';
import { nodeAt, type Tree, walk } from '../../model/tree.ts';
import { type OverlayForm, PRIVILEGED, WHITEOUT_DEVICE } from './form.ts';
import { overlayLayer } from './lower.ts';
import { changesOfUpper } from './upper.ts';

const NAMESPACE: OverlayForm = {
  marks: 'user.overlay.',
  devices: false,
  mapped: (uid, gid) => Math.max(uid, gid) < 65536,
  allXattrs: false,
};
const FORMS = [PRIVILEGED, NAMESPACE];

const bytes = (text: string) => Buffer.from(text, 'latin1');

/** A tree, and what else is said of some of its paths. */
function described(description: string, metas: Readonly<Record<string, Partial<Meta>>> = {}): Tree {
  const editor = new TreeEditor(treeOf(description));
  for (const [path, meta] of Object.entries(metas)) {
    const node = editor.get(path);
    if (node === undefined) throw new Error(`nothing at ${path}`);
    if (node.kind === 'dir') editor.putDir(path, { ...node, meta: { ...DIR_META, ...meta } });
    else editor.put(path, { ...node, meta: { ...FILE_META, ...meta } });
  }
  return editor.done();
}

/** The same with whiteouts. */
function without(tree: Tree, ...paths: readonly string[]): Tree {
  const editor = new TreeEditor(tree);
  for (const path of paths) editor.put(path, WHITEOUT_DEVICE);
  return editor.done();
}

function lines(changeset: Changeset): string[] {
  return [...walkChanges(changeset)].flatMap(({ path, change }) => {
    if (change.kind === 'whiteout') return [`${path} gone`];
    if (change.kind === 'hardlink') return [`${path} => ${change.target} below`];
    if (change.kind !== 'dir-change') return [`${path} ${change.kind}${change.link === undefined ? '' : ' linked'}`];
    return change.info === undefined && !change.opaque ? [] : [`${path}/${change.opaque ? ' opaque' : ''}`];
  });
}

const BELOW = '/d/a one\n/d/b two\n/d/e/\n/f one\n/g => /f';

describe.each(FORMS)('an upper directory with $marks says of', (form) => {
  const opaque = { xattrs: new Map([[`${form.marks}opaque`, bytes('y')]]) };
  const rows: readonly (readonly [string, Tree, string])[] = [
    ['nothing', treeOf(''), ''],
    ['a new file', treeOf('/n new'), '/n file'],
    ['a directory that only leads to it', treeOf('/d/n new'), '/d/n file'],
    ['a copied directory', treeOf('/d/e/'), ''],
    ['a copied file', treeOf('/d/a one'), ''],
    ['a written file', treeOf('/d/a new'), '/d/a file'],
    ['a file that became a link', treeOf('/d/a -> b'), '/d/a symlink'],
    ['a whiteout', without(treeOf('/d/'), '/d/a'), '/d/a gone'],
    ['a whiteout of what the image does not have', without(treeOf('/d/'), '/d/none', '/proc'), ''],
    ['a whiteout of a directory', without(treeOf(''), '/d'), '/d gone'],
    [
      'a whiteout by attribute',
      described('/d/a', { '/d/a': { xattrs: new Map([[`${form.marks}whiteout`, bytes('')]]) } }),
      '/d/a gone',
    ],
    ['a directory made anew', described('/d/a one', { '/d': opaque }), '/d/ opaque\n/d/a file'],
    ['an opaque directory over an empty one', described('/d/e/', { '/d/e': opaque }), ''],
    ['an opaque directory over nothing', described('/new/a one', { '/new': opaque }), '/new/\n/new/a file'],
    [
      'a directory that may hold whiteouts by attribute',
      described('/d/', { '/d': { xattrs: new Map([[`${form.marks}opaque`, bytes('x')]]) } }),
      '',
    ],
    [
      'marks of the kernel',
      described('/d/a one', { '/d/a': { xattrs: new Map([[`${form.marks}origin`, bytes('1')]]) } }),
      '',
    ],
    [
      'marks of the other kind',
      described('/d/a one', { '/d/a': { xattrs: new Map([['user.overlay.x', bytes('1')]]) } }),
      '',
    ],
    [
      'a label of the machine',
      described('/d/a one', { '/d/a': { xattrs: new Map([['security.selinux', bytes('u:r')]]) } }),
      '',
    ],
    ['another mode', described('/d/a one', { '/d/a': { mode: 0o600 } }), '/d/a file'],
    ['another owner', described('/d/a one', { '/d/a': { uid: 7 } }), '/d/a file'],
    ['an attribute', described('/d/a one', { '/d/a': { xattrs: new Map([['user.x', bytes('1')]]) } }), '/d/a file'],
    ['new names of one file', treeOf('/n new\n/m => /n'), '/m file linked\n/n file linked'],
    ['a name more of a file below', treeOf('/d/a one\n/n => /d/a'), '/d/a file linked\n/n file linked'],
    ['one name of two, written to', treeOf('/g new'), '/g file'],
    ['one name of two, copied', treeOf('/g one'), ''],
    ['two names, copied together', treeOf('/f one\n/g => /f'), ''],
    ['a directory where a file was', treeOf('/f/x new'), '/f/\n/f/x file'],
    ['a file where a directory was', treeOf('/d new'), '/d file'],
    ['a link over a directory', treeOf('/d -> f'), '/d symlink'],
  ];
  test.each(rows)('%s', async (_, upper, expected) => {
    expect(lines(await changesOfUpper(upper, treeOf(BELOW), form))).toEqual(linesOf(expected));
  });

  test('a difference of a nanosecond', async () => {
    const editor = new TreeEditor();
    editor.put('/f', { ...(file('one') as Leaf), mtimeNs: 1 });
    expect(lines(await changesOfUpper(editor.done(), treeOf(BELOW), form))).toEqual(['/f file']);
  });

  test('what it says is without marks and labels', async () => {
    const xattrs = new Map(
      ['trusted.overlay.origin', 'user.overlay.origin', 'security.selinux', 'user.own'].map((name) => [
        name,
        bytes('1'),
      ]),
    );
    const changes = await changesOfUpper(
      described('/n/x new', { '/n': { xattrs }, '/n/x': { xattrs } }),
      treeOf(''),
      form,
    );
    for (const path of ['/n', '/n/x']) {
      expect([...(nodeAt(apply(treeOf(''), changes), path)?.meta.xattrs?.keys() ?? [])]).toEqual(['user.own']);
    }
  });
});

describe('in a user namespace', () => {
  const xattrs = new Map([
    ['security.capability', bytes('cap')],
    ['trusted.own', bytes('1')],
  ]);
  const below = described('/far one\n/cap one\n/dev/x one', {
    '/far': { uid: 70000, gid: 5, mode: 0o4755 },
    '/cap': { xattrs },
  });
  const changed = async (upper: Tree) => apply(below, await changesOfUpper(upper, below, NAMESPACE));

  test('an owner that it does not have is what it was, unless somebody has changed it', async () => {
    const copied = described('/far one', { '/far': { mode: 0o755 } });
    expect(lines(await changesOfUpper(copied, below, NAMESPACE))).toEqual([]);
    const written = nodeAt(await changed(described('/far two', { '/far': { mode: 0o755 } })), '/far');
    expect(written?.meta).toEqual({ uid: 70000, gid: 5, mode: 0o4755 });
    const given = nodeAt(await changed(described('/far one', { '/far': { uid: 3, mode: 0o755 } })), '/far');
    expect(given?.meta).toEqual({ uid: 3, gid: 0, mode: 0o755 });
  });

  test('attributes that it cannot have are what they were, and those that it can are what they are', async () => {
    expect(nodeAt(await changed(treeOf('/cap two')), '/cap')?.meta.xattrs).toEqual(
      new Map([['trusted.own', bytes('1')]]),
    );
  });

  test('a device of the image is neither made nor taken away', async () => {
    const editor = new TreeEditor(treeOf('/dev/x one'));
    const device: Leaf = { kind: 'char', meta: FILE_META, mtime: 0, mtimeNs: 0, link: undefined, major: 1, minor: 3 };
    editor.put('/dev/null', device);
    editor.put('/dev/x', device);
    const tree = editor.done();
    const layer = overlayLayer(diff(treeOf('/dev/x one'), tree), treeOf('/dev/x one'), NAMESPACE);
    expect([...walk(layer)].map(({ path, node }) => `${path} ${node.kind}`)).toEqual([
      '/ dir',
      '/dev dir',
      '/dev/x char',
    ]);
    expect(nodeAt(layer, '/dev/x')).toBe(WHITEOUT_DEVICE);
    expect(apply(tree, await changesOfUpper(treeOf('/dev/n new'), tree, NAMESPACE)).root.names).toEqual(['dev']);
    expect(nodeAt(apply(tree, await changesOfUpper(treeOf('/dev/n new'), tree, NAMESPACE)), '/dev/null')).toEqual(
      device,
    );
  });
});

/** Devices that mean a whiteout cannot lie in an overlay. */
const plain = (tree: Tree) =>
  ![...walk(tree)].some(({ node }) => node.kind === 'char' && node.major === 0 && node.minor === 0);

test.each([
  ['any', trees],
  ['linked', linkedTrees],
])('a layer as overlayfs has it says what the changeset said: %s trees', async (_, arbitrary) => {
  const arbitraries = [arbitrary.filter(plain), arbitrary.filter(plain)] as const;
  await fc.assert(
    fc.asyncProperty(...arbitraries, async (before, after) => {
      const layer = overlayLayer(diff(before, after), before, PRIVILEGED);
      const result = apply(before, await changesOfUpper(layer, before, PRIVILEGED));
      // A name that is copied up alone stays a name of its file.
      const different = [...differences(after, result)].filter(({ aspects }) => aspects.join() !== 'links');
      expect(different).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('a file that is copied up by an overlay stays out of the changeset however it is read', async () => {
  const content = bytesContent('one');
  const editor = new TreeEditor();
  editor.put('/f', { ...(file('') as Leaf & { kind: 'file' }), content });
  editor.put('/l', symlink('f'));
  const changes = await changesOfUpper(editor.done(), editor.done(), PRIVILEGED);
  expect(await sameTreeInBytes(apply(editor.done(), changes), editor.done())).toBe(true);
  expect(lines(changes)).toEqual([]);
});

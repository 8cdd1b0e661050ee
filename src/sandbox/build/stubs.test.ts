import { expect, test } from 'vitest';
import { describeTree, linesOf, treeOf } from '../../../test/trees.ts';
import { apply } from '../../model/apply.ts';
import { nodeAt } from '../../model/tree.ts';
import { PRIVILEGED } from './form.ts';
import { overlayLayer } from './lower.ts';
import { type MountPoint, mountPointsMissing } from './stubs.ts';

const FILE = { path: '/etc/hosts', kind: 'file' } as const;

test.each<[string, string, readonly MountPoint[], string]>([
  ['nothing where all is there', '/etc/hosts x\n/proc/', [FILE, { path: '/proc', kind: 'dir' }], ''],
  ['a file and its directories', '', [FILE], '/etc/\n/etc/hosts'],
  [
    'one inside another',
    '/a/',
    [
      { path: '/a/b', kind: 'dir' },
      { path: '/a/b/c', kind: 'file' },
    ],
    '/a/\n/a/b/\n/a/b/c',
  ],
  ['where a dangling link leads', '/etc/hosts -> ../run/x/hosts\n/run/', [FILE], '/run/\n/run/x/\n/run/x/hosts'],
  ['where a link in the way leads', '/etc -> /usr/etc\n/usr/etc/', [FILE], '/usr/\n/usr/etc/\n/usr/etc/hosts'],
  ['nothing below a file, which the runtime has to refuse', '/etc file', [FILE], ''],
])('places to mount at: %s', (_, tree, points, expected) => {
  const below = treeOf(tree);
  expect(describeTree(overlayLayer(mountPointsMissing(below, points), below, PRIVILEGED))).toEqual(linesOf(expected));
});

test('directories that lead there keep their attributes and times', () => {
  const root = treeOf('/etc/passwd x').root;
  const tree = { root: { ...root, mtime: 7, meta: { ...root.meta, mode: 0o751 } } };
  const changes = mountPointsMissing(tree, [{ path: '/tmp', kind: 'dir', mode: 0o1777 }, FILE]);
  const layer = overlayLayer(changes, tree, PRIVILEGED);
  expect(layer.root).toMatchObject({ mtime: 7, meta: { mode: 0o751 } });
  expect(nodeAt(apply(tree, changes), '/tmp')?.meta.mode).toBe(0o1777);
});

import { expect, test } from 'vitest';
import { treeOf } from '../../../../test/trees.ts';
import { walkChanges } from '../../../model/changeset.ts';
import { diff } from '../../../model/diff.ts';
import { TreeEditor } from '../../../model/editor.ts';
import { readFileNode } from '../../../ports/tree-files.ts';
import { type SameBytes, withoutRepetition } from './repetition.ts';

const same: SameBytes = async (a, b) => Buffer.from(await readFileNode(a)).equals(await readFileNode(b));

test('files that stand there, and directories of which the time alone is new, are no change', async () => {
  const below = treeOf('/a/one 1\n/a/two 2\n/b/three 3');
  const editor = new TreeEditor(treeOf('/a/one 1\n/a/two 5\n/b/three 3'));
  for (const path of ['/a', '/b']) {
    editor.putDir(path, { kind: 'dir', meta: { mode: 0o755, uid: 0, gid: 0 }, mtime: 9, mtimeNs: 0 });
  }
  const changes = await withoutRepetition(diff(below, editor.done()), below, same);
  expect([...walkChanges(changes)].map(({ path }) => path)).toEqual(['/', '/a', '/a/two']);
  const nothing = await withoutRepetition(diff(below, treeOf('/a/one 1\n/a/two 2\n/b/three 3')), below, same);
  expect([...walkChanges(nothing)]).toHaveLength(1);
});

test('a directory with other permissions is one', async () => {
  const below = treeOf('/a/one 1');
  const editor = new TreeEditor(below);
  editor.putDir('/a', { kind: 'dir', meta: { mode: 0o700, uid: 0, gid: 0 }, mtime: 0, mtimeNs: 0 });
  const changes = await withoutRepetition(diff(below, editor.done()), below, same);
  expect([...walkChanges(changes)].map(({ path }) => path)).toEqual(['/', '/a']);
});

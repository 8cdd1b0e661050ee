import { describe, expect, test } from 'vitest';
import { describeTree, linesOf, treeOf } from '../../../test/trees.ts';
import { selectPaths } from './select.ts';

describe('some paths of a tree', () => {
  const tree = treeOf(`
    /lib -> usr/lib
    /usr/lib/a/one 1
    /usr/lib/a/two => /usr/lib/a/one
    /usr/lib/b b
    /usr/bin/
    /loop -> loop
    /out -> ../../..
  `);

  test.each([
    [['/usr/lib/b'], '/usr/\n/usr/lib/\n/usr/lib/b b'],
    [['lib/b'], '/lib -> usr/lib\n/usr/\n/usr/lib/\n/usr/lib/b b'],
    [['/lib'], '/lib -> usr/lib'],
    [['/loop'], '/loop -> loop'],
    [
      ['usr/lib/a/', '/usr/bin'],
      '/usr/\n/usr/bin/\n/usr/lib/\n/usr/lib/a/\n/usr/lib/a/one 1\n/usr/lib/a/two => /usr/lib/a/one',
    ],
    [
      ['/usr/lib/a', '/usr/lib/a/one'],
      '/usr/\n/usr/lib/\n/usr/lib/a/\n/usr/lib/a/one 1\n/usr/lib/a/two => /usr/lib/a/one',
    ],
    [['/out/../usr/bin'], '/out -> ../../..\n/usr/\n/usr/bin/'],
  ])('%j', (paths, expected) => {
    expect(describeTree(selectPaths(tree, paths))).toEqual(linesOf(expected));
  });

  test('none of them: all; the root: all as well', () => {
    expect(selectPaths(tree, [])).toBe(tree);
    expect(describeTree(selectPaths(tree, ['/']))).toEqual(describeTree(tree));
  });

  test.each(['/gone', '/loop/x', '/usr/lib/b/x', ''])('%j is not there', (path) => {
    expect(() => selectPaths(tree, [path])).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });
});

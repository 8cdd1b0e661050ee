import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { trees } from '../../test/arbitraries.ts';
import { sharedFixture } from '../../test/shared.ts';
import { treeOf } from '../../test/trees.ts';
import { joinPath } from '../base/path.ts';
import { lookup, type Resolution, resolve } from './resolve.ts';
import { EMPTY_TREE, nodeAt, type Tree } from './tree.ts';

/** Where it leads or would lead: the directories and names that are missing behind it appended. */
function joined(found: Resolution): string {
  return found.kind === 'found' ? found.path : joinPath(found.at, found.rest.join('/'));
}

describe('following a path inside the root', () => {
  const tree = treeOf(`
    /dir/sub/file one
    /abs -> /dir/sub
    /rel -> dir/./sub/
    /up -> ../../../dir
    /dir/back -> ..
    /dir/sub/parent -> ../back/dir
    /dangling -> /gone/deeper
    /empty ->
    /tofile -> dir/sub/file
    /self -> self
    /ping -> pong
    /pong -> /ping
    /hop -> abs/../sub
  `);

  test.each([
    ['/dir/sub/file', '/dir/sub/file', ''],
    ['dir/sub/file', '/dir/sub/file', ''],
    ['/', '/', ''],
    ['..', '/', ''],
    ['/../../dir', '/dir', ''],
    ['//dir///sub/./file', '/dir/sub/file', ''],
    ['/abs/file', '/dir/sub/file', '/abs'],
    ['/rel/file', '/dir/sub/file', '/rel'],
    ['/up/sub', '/dir/sub', '/up'],
    ['/dir/back/dir/back/abs', '/dir/sub', '/dir/back /dir/back /abs'],
    ['/abs/..', '/dir', '/abs'],
    ['/abs/parent/sub/file', '/dir/sub/file', '/abs /dir/sub/parent /dir/back'],
    ['/hop/file', '/dir/sub/file', '/hop /abs'],
    ['/tofile', '/dir/sub/file', '/tofile'],
  ])('%s is %s', (path, physical, hops) => {
    expect(resolve(tree, path)).toMatchObject({ kind: 'found', path: physical, node: nodeAt(tree, physical) });
    expect(resolve(tree, path).hops.map((hop) => hop.path)).toEqual(hops.split(' ').filter(Boolean));
  });

  test.each([
    ['', 'absent', '/', []],
    ['/gone', 'absent', '/gone', []],
    ['/gone/../dir', 'absent', '/gone', ['..', 'dir']],
    ['/dangling/more', 'absent', '/gone', ['deeper', 'more']],
    ['/empty', 'absent', '/empty', []],
    ['/dir/sub/file/', 'not-a-directory', '/dir/sub/file', []],
    ['/dir/sub/file/.', 'not-a-directory', '/dir/sub/file', []],
    ['/dir/sub/file/..', 'not-a-directory', '/dir/sub/file', ['..']],
    ['/tofile/x/y', 'not-a-directory', '/dir/sub/file', ['x', 'y']],
    ['/self', 'loop', '/self', []],
    ['/ping/x', 'loop', '/ping', ['x']],
    [`/${'x/'.repeat(2047)}yy`, 'too-long', '/', []],
  ])('%s is missing: %s', (path, why, at, rest) => {
    expect(resolve(tree, path)).toMatchObject({ kind: 'missing', why, at, rest });
    expect(lookup(tree, path)).toBeUndefined();
  });

  test('the last link is followed only where that is asked for, or where a slash stands behind it', () => {
    expect(resolve(tree, '/abs', { follow: false })).toMatchObject({
      path: '/abs',
      node: { kind: 'symlink' },
      hops: [],
    });
    expect(resolve(tree, '/abs/', { follow: false })).toMatchObject({ path: '/dir/sub', node: { kind: 'dir' } });
    expect(resolve(tree, '/up/back', { follow: false })).toMatchObject({ path: '/dir/back' });
    expect(resolve(tree, '/self', { follow: false })).toMatchObject({ path: '/self' });
  });

  test('as many links as Linux follows, and no more', () => {
    const chain = (length: number) => {
      const links = Array.from({ length }, (_, i) => `/l${i} -> l${i + 1}`);
      return treeOf([...links, `/l${length} end`].join('\n'));
    };
    expect(resolve(chain(40), '/l0')).toMatchObject({ kind: 'found', path: '/l40' });
    expect(resolve(chain(41), '/l0')).toMatchObject({ kind: 'missing', why: 'loop' });
  });

  test('a link whose text the kernel would not take', () => {
    expect(resolve(treeOf(`/long -> ${'./'.repeat(2048)}`), '/long')).toMatchObject({ why: 'too-long', at: '/long' });
  });

  test('links that double their way at each step end soon', () => {
    const links = Array.from({ length: 30 }, (_, i) => `/d/l${i} -> ${`../d/l${i + 1}/`.repeat(200)}`);
    const start = performance.now();
    expect(resolve(treeOf(links.join('\n')), '/d/l0')).toMatchObject({ kind: 'missing' });
    expect(performance.now() - start).toBeLessThan(1000);
  });

  test('what is found is there, and no link is left in its way', () => {
    const paths = fc.array(fc.constantFrom('a', 'B', 'c', '..', '.', 'd-with-a-long-name'), { maxLength: 6 });
    fc.assert(
      fc.property(trees, paths, (tree, parts) => {
        const found = resolve(tree, parts.join('/'));
        if (found.kind === 'missing') return;
        expect(nodeAt(tree, found.path)).toBe(found.node);
        expect(resolve(tree, found.path)).toMatchObject({ path: found.path, hops: [] });
      }),
      { numRuns: 2000 },
    );
  });
});

const securejoin = sharedFixture('securejoin');

/**
 * Two tables of filepath-securejoin; each row is a root and a path, the trees are those that its tests build. The other two
 * are on Go's error values.
 */
describe.skipIf(securejoin === undefined)('as filepath-securejoin joins', () => {
  const rows = (name: string): [string][] => {
    if (securejoin === undefined) return [];
    const table = JSON.parse(readFileSync(`${securejoin}/${name}.json`, 'utf8')) as [unknown, string][];
    return table.map(([, path]) => [path]);
  };

  const loops = treeOf(`
    /subdir/link -> ../../../../../../../../../../../../../../../../path
    /path -> /subdir/link
    /self -> /../../../../../../../../../../../../../../../../self
  `);
  test.each(rows('TestSymlinkLoop'))('%s is a loop', (path) => {
    expect(resolve(loops, path)).toMatchObject({ kind: 'missing', why: 'loop' });
  });

  const files: Tree = treeOf(`
    /notdir I am no directory
    /subdir/link -> /../../../notdir/somechild
  `);
  const expected: Record<string, string> = {
    'subdir/link': '/notdir/somechild',
    notdir: '/notdir',
    'notdir/child': '/notdir/child',
  };
  test.each(rows('TestEnotdir'))('%s stays inside, a file in its way', (path) => {
    expect(joined(resolve(files, path))).toBe(expected[path]);
  });

  test('what is missing joins inside the root', () => {
    expect(joined(resolve(EMPTY_TREE, '../../../etc/../shadow/x'))).toBe('/shadow/x');
  });
});

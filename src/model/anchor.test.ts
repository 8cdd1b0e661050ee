/** The rules of docs/laws.md, "From an archive to a changeset", one by one. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layerEntries, trees } from '../../test/arbitraries.ts';
import { describeTree, entriesOf, file, linesOf, symlink, treeOf } from '../../test/trees.ts';
import { ImageError } from '../base/errors.ts';
import { isWithin } from '../base/path.ts';
import { anchor } from './anchor.ts';
import { apply } from './apply.ts';
import { type Changeset, changeAt, hardlinksIn, walkChanges } from './changeset.ts';
import type { LayerEntry } from './layer/entry.ts';
import { type DirInfo, FILE_META, IMPLICIT_DIR } from './node.ts';
import { sameChangeset } from './same-changeset.ts';
import { EMPTY_TREE, nodeAt, type Tree, walk } from './tree.ts';

function applied(below: string, layer: string): string[] {
  const tree = treeOf(below);
  return describeTree(apply(tree, anchor(tree, entriesOf(layer))));
}

const INFO: DirInfo = { kind: 'dir', meta: { mode: 0o700, uid: 1, gid: 2 }, mtime: 3, mtimeNs: 4 };

describe('what a layer does', () => {
  test.each([
    ['a file replaces a file', '/a old', '/a new', '/a new'],
    ['a file replaces a directory', '/a/b old', '/a new', '/a new'],
    ['a directory joins a directory', '/a/b old', '/a/\n/a/c new', '/a/\n/a/b old\n/a/c new'],
    ['a directory replaces a file', '/a old', '/a/', '/a/'],
    [
      'a directory replaces a link to a directory',
      '/d/x old\n/a -> d',
      '/a/\n/a/y new',
      '/a/\n/a/y new\n/d/\n/d/x old',
    ],
    ['the later of two entries wins', '', '/a one\n/a two', '/a two'],
    ['a directory over a file over a directory is new', '/a/b old', '/a file\n/a/', '/a/'],
    ['a file over a directory of the layer takes what is in it', '', '/a/b one\n/a two', '/a two'],
    ['parents are made', '', '/a/b/c new', '/a/\n/a/b/\n/a/b/c new'],
    ['a file below gives way to a parent', '/a old', '/a/b new', '/a/\n/a/b new'],
    ['a whiteout removes a file', '/a old\n/b old', '/a gone', '/b old'],
    ['a whiteout removes a directory and all in it', '/a/b/c old', '/a/b gone', '/a/'],
    ['a whiteout of nothing', '/a old', '/b gone', '/a old'],
    ['a whiteout makes its parents', '', '/a/b gone', '/a/'],
    ['a whiteout before an entry of its name', '/a old', '/a gone\n/a new', '/a new'],
    ['a whiteout behind an entry of its name', '/a old', '/a new\n/a gone', '/a new'],
    ['a whiteout before a new directory', '/a/b old', '/a gone\n/a/\n/a/c new', '/a/\n/a/c new'],
    ['a whiteout behind a new directory', '/a/b old', '/a/\n/a/c new\n/a gone', '/a/\n/a/c new'],
    ['a whiteout of an implicit parent', '/a/b old', '/a/c new\n/a gone', '/a/\n/a/c new'],
    ['an opaque mark before', '/a/b old\n/a/d/e old', '/a/ opaque\n/a/c new', '/a/\n/a/c new'],
    ['an opaque mark behind', '/a/b old\n/a/d/e old', '/a/c new\n/a/ opaque', '/a/\n/a/c new'],
    ['an opaque mark leaves implicit parents', '/a/b/x old', '/a/b/c new\n/a/ opaque', '/a/\n/a/b/\n/a/b/c new'],
    ['an opaque root', '/a old\n/b/c old', '/d new\n/ opaque', '/d new'],
    ['an opaque mark on nothing', '', '/a/ opaque', '/a/'],
  ])('%s', (_rule, below, layer, expected) => {
    expect(applied(below, layer)).toEqual(linesOf(expected));
  });

  test.each([
    ['relative', '/d/\n/l -> d', '/l/x new', '/d/\n/d/x new\n/l -> d'],
    ['absolute', '/d/e/\n/d/l -> /d/e', '/d/l/x new', '/d/\n/d/e/\n/d/e/x new\n/d/l -> /d/e'],
    ['out of the root', '/l -> ../../../d', '/l/x new', '/d/\n/d/x new\n/l -> ../../../d'],
    ['dangling', '/l -> d/e', '/l/f/x new', '/d/\n/d/e/\n/d/e/f/\n/d/e/f/x new\n/l -> d/e'],
    ['of the layer', '', '/d/\n/l -> d\n/l/x new', '/d/\n/d/x new\n/l -> d'],
    [
      'up from behind a link',
      '/d/e/\n/m -> d/e\n/l -> m/../f',
      '/l/x new',
      '/d/\n/d/e/\n/d/f/\n/d/f/x new\n/l -> m/../f\n/m -> d/e',
    ],
    ['up from what is not there', '/l -> gone/../f', '/l/x new', '/f/\n/f/x new\n/l -> gone/../f'],
    ['to the root', '/l -> /', '/l/x new', '/l -> /\n/x new'],
    ['in the way to a whiteout', '/d/x old\n/l -> d', '/l/x gone', '/d/\n/l -> d'],
    ['to a directory made opaque', '/d/x old\n/l -> d', '/l/ opaque\n/l/y new', '/d/\n/d/y new\n/l -> d'],
    ['that the layer removed before', '/d/\n/l -> d', '/l gone\n/l/x new', '/d/\n/l/\n/l/x new'],
    ['that the layer replaced before', '/d/\n/l -> d', '/l/\n/l/x new', '/d/\n/l/\n/l/x new'],
    ['that the layer hid before', '/d/\n/a/l -> ../d', '/a/ opaque\n/a/l/x new', '/a/\n/a/l/\n/a/l/x new\n/d/'],
    ['that hide themselves', '/a/l -> ..', '/a/x new\n/a/l/a gone\n/a/l/z new', '/a/\n/a/l/\n/a/l/z new\n/a/x new'],
    ['that hide themselves with the root', '/a/l -> ..', '/a/l/ opaque\n/a/l/z new', '/a/\n/a/l/\n/a/l/z new'],
    ['that the layer makes behind the entry', '/l/', '/l/x new\n/l -> d', '/l -> d'],
  ])('links in the way are followed: %s', (_rule, below, layer, expected) => {
    expect(applied(below, layer)).toEqual(linesOf(expected));
  });

  test.each([
    ['to the layer', '', '/a one\n/b => a', '/a one\n/b => /a'],
    ['to the tree below', '/a old', '/b => /a', '/a old\n/b => /a'],
    ['to a file that has two names', '/a old\n/b => /a', '/c => b', '/a old\n/b => /a\n/c => /a'],
    [
      'two to one file below, by its two names',
      '/a old\n/b => /a',
      '/c => a\n/d => b\n/a new',
      '/a new\n/b old\n/c => /b\n/d => /b',
    ],
    ['to a link', '/a -> x', '/b => a', '/a -> x\n/b => /a'],
    ['through a link', '/d/a old\n/l -> d', '/b => l/a', '/b old\n/d/\n/d/a => /b\n/l -> d'],
    ['out of the root', '/a old', '/b => ../../a', '/a old\n/b => /a'],
    ['dotted', '/d/a old', '/b => ./d/../d/./a', '/b old\n/d/\n/d/a => /b'],
    ['to what the layer removes behind it', '/a old', '/b => a\n/a gone', '/b old'],
    ['to what the layer replaces behind it', '/a old', '/b => a\n/a new', '/a new\n/b old'],
    ['to itself', '', '/a one\n/a => a', '/a one'],
    ['in place of a directory', '/a old\n/b/c old', '/b => a', '/a old\n/b => /a'],
    ['to a link of the layer to the tree below', '/a old', '/b => a\n/c => b', '/a old\n/b => /a\n/c => /a'],
  ])('hard links: %s', (_rule, below, layer, expected) => {
    expect(applied(below, layer)).toEqual(linesOf(expected));
  });

  test('links to the tree below are kept as such, with the physical path', () => {
    const tree = treeOf('/d/a old\n/l -> d');
    const changes = anchor(tree, entriesOf('/b => l/a\n/c => b'));
    expect([...hardlinksIn(changes)]).toEqual([
      { kind: 'hardlink', target: '/d/a' },
      { kind: 'hardlink', target: '/d/a' },
    ]);
  });

  test.each<[string, string, string, RegExp]>([
    ['a hard link to nothing', '', '/b => a', /^hard link \/b: there is no file at a$/],
    ['a hard link to a directory', '/a/', '/b => a', /no file at a$/],
    ['a hard link to what the layer removed', '/a old', '/a gone\n/b => a', /no file at a$/],
    ['a hard link to what the layer hid', '/d/a old', '/d/ opaque\n/b => d/a', /no file at d\/a$/],
    ['a link that an entry behind it removed', '/a/l -> ..', '/a/l/a new\n/a/l/z new', /^\/a is no directory/],
    ['a hard link that only comes later', '', '/b => a\n/a new', /no file at a$/],
    ['a hard link into what it replaces', '/a/b old', '/a => a/b', /no file at a\/b$/],
    ['a hard link to dots', '/a/b old', '/c => a/..', /no file at a\/\.\.$/],
    ['a parent that is a file of the layer', '', '/a one\n/a/b two', /^\/a is no directory/],
    ['a file behind a link', '/f old\n/l -> f', '/l/x new', /^\/f is no directory/],
    ['a loop', '/l -> m\n/m -> l', '/l/x new', /too many symbolic links in the way to \/l$/],
    ['a link to itself', '', '/l -> l\n/l/x new', /too many symbolic links/],
  ])('%s is an error', (_what, below, layer, message) => {
    const tree = treeOf(below);
    expect(() => anchor(tree, entriesOf(layer))).toThrow(
      expect.objectContaining({
        name: 'ImageError',
        code: 'INVALID',
        message: expect.stringMatching(message) as string,
      }),
    );
  });
});

test('on nothing, a hard link to nothing is no sign of another base', () => {
  const hint = (below: string) => {
    try {
      anchor(treeOf(below), entriesOf('/b => a'));
    } catch (error) {
      return (error as { hint?: string }).hint;
    }
    return undefined;
  };
  expect(hint('')).toMatch(/damaged, or made without that file/);
  expect(hint('/other old')).toMatch(/made for another base/);
});

describe('directories that the layer', () => {
  const tree: Tree = { root: { ...INFO, names: ['d'], nodes: [{ ...INFO, mtime: 9, names: [], nodes: [] }] } };

  test("does not describe keep what they have, and new ones are root's, 0755, of the epoch", () => {
    const after = apply(tree, anchor(tree, entriesOf('/d/x/y new')));
    expect(nodeAt(after, '/')).toMatchObject(INFO);
    expect(nodeAt(after, '/d')).toMatchObject({ ...INFO, mtime: 9 });
    expect(nodeAt(after, '/d/x')).toMatchObject(IMPLICIT_DIR);
  });

  test('marks opaque keep what they have; those it removes and makes again do not', () => {
    const marked = anchor(tree, entriesOf('/d/ opaque'));
    expect(changeAt(marked, '/d')).toMatchObject({ info: undefined, opaque: true });
    expect(nodeAt(apply(tree, marked), '/d')).toMatchObject({ ...INFO, mtime: 9 });
    for (const layer of ['/d gone\n/d/x new', '/d/x new\n/d gone']) {
      expect(changeAt(anchor(tree, entriesOf(layer)), '/d')).toMatchObject({ info: IMPLICIT_DIR, opaque: true });
    }
  });

  test('describes have what it says, wherever in the archive, the root too', () => {
    const described: LayerEntry[] = ['/', '/d'].map((path) => ({ kind: 'node', path, node: { ...INFO, mtime: 77 } }));
    const after = apply(tree, anchor(tree, [...entriesOf('/d/x new'), ...described]));
    expect([nodeAt(after, '/')?.mtime, nodeAt(after, '/d')?.mtime]).toEqual([77, 77]);
  });
});

describe('the attributes of a hard link entry', () => {
  const entry = { kind: 'hardlink', path: '/new', meta: FILE_META, mtime: 0, mtimeNs: 0 } as const;
  const changed = { ...entry, meta: { mode: 0o600, uid: 5, gid: 6 }, mtime: 7 };

  test('are set on all names that a file below still has', () => {
    const below = treeOf('/a old\n/b => /a\n/c => /a\n/d/e => /a\n/f same');
    const changes = anchor(below, [...entriesOf('/c new\n/d/ opaque'), { ...changed, target: 'b' }]);
    expect([...hardlinksIn(changes)]).toEqual([]);
    const after = apply(below, changes);
    expect(describeTree(after)).toEqual(linesOf('/a old\n/b => /a\n/c new\n/d/\n/f same\n/new => /a'));
    for (const path of ['/a', '/b', '/new'])
      expect(nodeAt(after, path)).toMatchObject({ meta: changed.meta, mtime: 7 });
    expect(nodeAt(after, '/c')).toMatchObject(file('new'));
  });

  test('are set on all names that a file of the layer has', () => {
    const changes = anchor(EMPTY_TREE, [...entriesOf('/a one\n/b => a'), { ...changed, target: 'a' }]);
    const after = apply(EMPTY_TREE, changes);
    for (const path of ['/a', '/b', '/new'])
      expect(nodeAt(after, path)).toMatchObject({ meta: changed.meta, mtime: 7 });
  });

  test('leave the mode of a symbolic link, and xattrs that they do not name', () => {
    const capability = new Map([['security.capability', Uint8Array.of(1)]]);
    const below = treeOf('/l -> x');
    const after = apply(below, anchor(below, [{ ...changed, target: 'l' }]));
    expect(nodeAt(after, '/l')).toMatchObject({ meta: { mode: symlink('').meta.mode, uid: 5, gid: 6 } });
    const a: LayerEntry = {
      kind: 'node',
      path: '/a',
      node: { ...file('x'), meta: { ...FILE_META, xattrs: capability } },
    };
    const user = new Map([['user.x', Uint8Array.of(2)]]);
    const linked = anchor(EMPTY_TREE, [a, { ...entry, target: 'a', meta: { ...FILE_META, xattrs: user } }]);
    const node = nodeAt(apply(EMPTY_TREE, linked), '/a');
    expect([...(node?.meta.xattrs ?? [])]).toEqual([...capability, ...user]);
  });

  test('that are the same leave a link to what is below', () => {
    const below = treeOf('/a old');
    expect([...hardlinksIn(anchor(below, [{ ...entry, target: 'a' }]))]).toHaveLength(1);
  });
});

test('entries that come with one token are one file', () => {
  const shared = { ...file('x'), link: { link: true as const } };
  const entries: LayerEntry[] = ['/a', '/b'].map((path) => ({ kind: 'node', path, node: shared }));
  const after = apply(EMPTY_TREE, anchor(EMPTY_TREE, [...entries, ...entriesOf('/c => a')]));
  expect(describeTree(after)).toEqual(linesOf('/a x\n/b => /a\n/c => /a'));
});

function isLink(entry: LayerEntry): boolean {
  return entry.kind === 'node' && entry.node.kind === 'symlink';
}

describe('any archive', () => {
  const anchored = (tree: Tree, entries: readonly LayerEntry[]): Changeset | undefined => {
    try {
      return anchor(tree, entries);
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      return undefined;
    }
  };

  test('is anchored, so that it applies, and its links name files below, or is refused with a typed error', () => {
    let count = 0;
    fc.assert(
      fc.property(trees, layerEntries, (tree, entries) => {
        const changes = anchored(tree, entries);
        if (changes === undefined) return;
        count++;
        for (const { target } of hardlinksIn(changes)) expect(nodeAt(tree, target)?.kind ?? 'dir').not.toBe('dir');
        apply(tree, changes);
        for (const { change } of walkChanges(changes)) {
          if (change.kind === 'dir-change') expect(change.names).toEqual([...change.names].sort());
        }
      }),
      { numRuns: 2000 },
    );
    expect(count).toBeGreaterThan(300);
  });

  test('whiteouts may stand anywhere in it, where nothing leads through what they hide', () => {
    const isLeaf = (entry: LayerEntry) => entry.kind === 'node' && entry.node.kind !== 'dir';
    const inTheWay = (entry: LayerEntry, all: readonly LayerEntry[]) =>
      all.some(
        (other) => isWithin(other.path, entry.path) && !(other.kind === 'whiteout' && other.path === entry.path),
      );
    const plain = layerEntries
      .map((all) => all.filter((entry) => !(entry.kind === 'hardlink' || isLink(entry))))
      .map((all) =>
        all.filter(
          (one) =>
            !isLeaf(one) ||
            !inTheWay(
              one,
              all.filter((other) => other !== one),
            ),
        ),
      );
    const noLinks = trees.filter((tree) => [...walk(tree)].every(({ node }) => node.kind !== 'symlink'));
    fc.assert(
      fc.property(noLinks, plain, (tree, entries) => {
        const isMark = ({ kind }: LayerEntry) => kind === 'whiteout' || kind === 'opaque';
        const marks = entries.filter(isMark);
        const rest = entries.filter((entry) => !isMark(entry));
        const first = anchored(tree, [...marks, ...rest]);
        const last = anchored(tree, [...rest, ...marks]);
        if (first === undefined || last === undefined) return;
        const effects = [first, last].map((changes) => describeTree(apply(tree, changes)));
        expect(effects[0]).toEqual(effects[1]);
      }),
      { numRuns: 2000 },
    );
  });

  test('anchoring is what applying entries one at a time comes to, where none removes anything', () => {
    const adding = layerEntries.map((entries) => entries.filter(({ kind }) => kind === 'node' || kind === 'hardlink'));
    fc.assert(
      fc.property(trees, adding, (tree, entries) => {
        const whole = anchored(tree, entries);
        if (whole === undefined) return;
        let stepwise = tree;
        for (const entry of entries) stepwise = apply(stepwise, anchor(stepwise, [entry]));
        expect(describeTree(stepwise)).toEqual(describeTree(apply(tree, whole)));
      }),
      { numRuns: 2000 },
    );
  });

  test('is refused when its links are a bomb, within a second or so', () => {
    const long = `${'./'.repeat(50_000)}d`;
    const links: LayerEntry[] = Array.from({ length: 200 }, (_, i) => {
      return { kind: 'node', path: `/l${i}`, node: symlink(i === 199 ? 'd' : `${long.slice(0, -1)}l${i + 1}`) };
    });
    const start = performance.now();
    const entries = [...links, ...entriesOf('/l0/x new\n/l1/x new\n/l0/y new\n/l1/y new')];
    expect(() => anchor(EMPTY_TREE, entries)).toThrow(expect.objectContaining({ code: 'LIMIT' }));
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('is refused when its names make too many directories', () => {
    const entries = Array.from({ length: 11 }, (_, i) => entriesOf(`/${i}${'/d'.repeat(100_000)}/x new`)).flat();
    expect(() => anchor(EMPTY_TREE, entries)).toThrow(expect.objectContaining({ code: 'LIMIT' }));
  });

  test('may be a hundred thousand directories deep', () => {
    const path = '/d'.repeat(100_000);
    const entries = entriesOf(`${path}/file new`);
    const changes = anchor(EMPTY_TREE, entries);
    const tree = apply(EMPTY_TREE, changes);
    expect([...walk(tree)]).toHaveLength(100_002);
    expect(sameChangeset(anchor(tree, entries), changes)).toBe(true);
  });
});

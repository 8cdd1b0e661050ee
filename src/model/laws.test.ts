/** The laws of docs/laws.md. `PARE_RUNS=20000` draws that many cases each. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changePlans, linkedTrees, planChangeset, trees } from '../../test/arbitraries.ts';
import { describeTree, treeOf } from '../../test/trees.ts';
import { basename, dirname, isWithin } from '../base/path.ts';
import { apply } from './apply.ts';
import { type Changeset, EMPTY_CHANGESET, hardlinksIn, walkChanges } from './changeset.ts';
import { compose } from './compose.ts';
import { diff } from './diff.ts';
import { differences, sameTree } from './difference.ts';
import { type Dir, IMPLICIT_DIR, type LinkToken, type Node, withLink } from './node.ts';
import { sameChangeset } from './same-changeset.ts';
import { EMPTY_TREE, infoOf, nodeAt, type Tree, walk } from './tree.ts';

const numRuns = Number(process.env['PARE_RUNS'] ?? 2000);
const timeout = 30_000 + numRuns * 10;

function expectSame(actual: Tree, expected: Tree): void {
  expect([...differences(expected, actual)]).toEqual([]);
}

/** A stack of layers on a tree, each made for what lies below it. */
const stacks = (height: number) =>
  fc.tuple(trees, ...new Array<typeof changePlans>(height).fill(changePlans)).map(([tree, ...plans]) => {
    const layers: Changeset[] = [];
    let top = tree;
    for (const plan of plans) {
      const layer = planChangeset(plan, top);
      layers.push(layer);
      top = apply(top, layer);
    }
    return { tree, layers: layers as [Changeset, Changeset, Changeset], top };
  });

describe('the laws', { timeout }, () => {
  test('apply does what each change says', () => {
    fc.assert(
      fc.property(stacks(1), ({ tree, layers: [layer], top }) => expectSame(top, applyByPath(tree, layer))),
      { numRuns },
    );
  });

  test('apply(a, diff(a, b)) = b, for any two trees', () => {
    fc.assert(
      fc.property(trees, trees, (a, b) => expectSame(apply(a, diff(a, b)), b)),
      { numRuns },
    );
  });

  test('apply(a, diff(a, b)) = b, for a tree and what a layer makes of it', () => {
    fc.assert(
      fc.property(stacks(1), ({ tree, top }) => expectSame(apply(tree, diff(tree, top)), top)),
      { numRuns },
    );
  });

  test('diff(a, a) = EMPTY', () => {
    fc.assert(
      fc.property(trees, (a) => {
        expect(diff(a, { root: structuredClone(a.root) })).toBe(EMPTY_CHANGESET);
      }),
      { numRuns },
    );
  });

  test('apply(apply(t, a), b) = apply(t, compose(a, b))', () => {
    fc.assert(
      fc.property(stacks(2), ({ tree, layers: [a, b], top }) => expectSame(apply(tree, compose(a, b)), top)),
      { numRuns },
    );
  });

  test('compose(compose(a, b), c) = compose(a, compose(b, c))', () => {
    fc.assert(
      fc.property(stacks(3), ({ layers: [a, b, c] }) => {
        expect(sameChangeset(compose(compose(a, b), c), compose(a, compose(b, c)))).toBe(true);
      }),
      { numRuns },
    );
  });

  test('merging plain trees is not associative, and composing what they say is', () => {
    const [dir, file, empty] = ['/c/a x', '/c x', '/c/'].map(treeOf) as [Tree, Tree, Tree];
    const merge = (lower: Tree, upper: Tree) => apply(lower, diff(EMPTY_TREE, upper));
    expect(describeTree(merge(merge(dir, file), empty))).toEqual(['/c/']);
    expect(describeTree(merge(dir, merge(file, empty)))).toEqual(['/c/', '/c/a x']);
    const [a, b, c] = [dir, file, empty].map((tree) => diff(EMPTY_TREE, tree)) as [Changeset, Changeset, Changeset];
    for (const all of [compose(compose(a, b), c), compose(a, compose(b, c))]) {
      expect(describeTree(apply(EMPTY_TREE, all))).toEqual(['/c/']);
    }
  });

  test('EMPTY is the identity of compose, and changes no tree', () => {
    fc.assert(
      fc.property(stacks(1), ({ tree, layers: [a] }) => {
        expect(sameChangeset(compose(EMPTY_CHANGESET, a), a)).toBe(true);
        expect(sameChangeset(compose(a, EMPTY_CHANGESET), a)).toBe(true);
        expect(apply(tree, EMPTY_CHANGESET).root).toBe(tree.root);
      }),
      { numRuns },
    );
  });

  test('a tree is what its difference from nothing makes', () => {
    fc.assert(
      fc.property(trees, (tree) => expectSame(apply(EMPTY_TREE, diff(EMPTY_TREE, tree)), tree)),
      { numRuns },
    );
  });

  test('one layer may stand twice in a stack', () => {
    fc.assert(
      fc.property(stacks(2), ({ tree, layers: [a, b], top }) => {
        fc.pre(linksHold(top, a));
        const twice = apply(top, a);
        expectSame(twice, applyByPath(top, a));
        expectSame(apply(tree, compose(compose(a, b), a)), twice);
      }),
      { numRuns },
    );
  });

  test('apply(a, diff(a, b)) = b, where only the links differ, and nothing is written that need not be', () => {
    fc.assert(
      fc.property(linkedTrees, linkedTrees, (a, b) => {
        const changes = diff(a, b);
        expectSame(apply(a, changes), b);
        if (sameTree(a, b)) expect(changes).toBe(EMPTY_CHANGESET);
      }),
      { numRuns },
    );
  });

  test('equality sees every difference, and sees none in a tree made again', () => {
    fc.assert(
      fc.property(trees, trees, (a, b) => {
        expect(sameTree(a, b)).toBe(sameTree(b, a));
        expect(sameTree(a, b)).toBe(flat(a) === flat(b));
        expect(sameTree(a, { root: structuredClone(a.root) })).toBe(true);
      }),
      { numRuns },
    );
  });
});

/** Whether the changeset's links name files of the tree, though it was made for another. */
function linksHold(tree: Tree, changeset: Changeset): boolean {
  return [...hardlinksIn(changeset)].every(({ target }) => (nodeAt(tree, target)?.kind ?? 'dir') !== 'dir');
}

/** What stands at a path, and an object that is the same for all names of one inode. */
interface Cell {
  readonly node: Node;
  readonly inode: object;
}

/** The meaning of a changeset, spelled out over a list of paths: slow, and too simple to be wrong in the same way. */
function applyByPath(tree: Tree, changeset: Changeset): Tree {
  const before = new Map<string, Cell>();
  for (const { path, node } of walk(tree)) before.set(path, { node, inode: inodeOf(node) });
  const after = new Map(before);
  const ownInodes = new Map<object, object>();
  for (const { path, change } of walkChanges(changeset)) {
    const old = after.get(path)?.node;
    if (change.kind !== 'dir-change' || change.opaque || old?.kind !== 'dir') {
      for (const other of after.keys()) if (other !== path && isWithin(other, path)) after.delete(other);
    }
    if (change.kind === 'whiteout') after.delete(path);
    else if (change.kind === 'hardlink') after.set(path, before.get(change.target) as Cell);
    else if (change.kind === 'dir-change') {
      const info = change.info ?? (old?.kind === 'dir' ? infoOf(old) : IMPLICIT_DIR);
      after.set(path, { node: { ...info, names: [], nodes: [] }, inode: {} });
    } else {
      const token = inodeOf(change);
      ownInodes.set(token, ownInodes.get(token) ?? {});
      after.set(path, { node: change, inode: ownInodes.get(token) as object });
    }
  }
  return treeOfCells(after);
}

function inodeOf(node: Node): object {
  return (node.kind === 'dir' ? undefined : node.link) ?? {};
}

function treeOfCells(cells: ReadonlyMap<string, Cell>): Tree {
  const tokens = new Map<object, LinkToken>();
  const make = (path: string): Node => {
    const { node, inode } = cells.get(path) as Cell;
    if (node.kind !== 'dir') {
      tokens.set(inode, tokens.get(inode) ?? { link: true });
      return withLink(node, tokens.get(inode));
    }
    const inside = [...cells.keys()].filter((other) => other !== '/' && dirname(other) === path).sort();
    return { ...infoOf(node), names: inside.map(basename), nodes: inside.map(make) };
  };
  return { root: make('/') as Dir };
}

/** One text for equal trees, made another way than {@link sameTree} compares. */
function flat(tree: Tree): string {
  const entries = [...walk(tree)];
  const line = ({ path, node }: { path: string; node: Node }) => {
    const { mode, uid, gid, xattrs = new Map() } = node.meta;
    const shown = [...xattrs].sort().map(([name, value]) => [name, Buffer.from(value).toString('hex')]);
    const names = entries.filter(({ node: other }) => inodeOf(other) === (node.kind === 'dir' ? 0 : node.link));
    const content = node.kind === 'file' && node.content.kind === 'bytes' ? node.content.bytes.toString() : '';
    const target = node.kind === 'symlink' ? node.target : '';
    const links = names.length > 1 ? names.map((one) => one.path) : [];
    return JSON.stringify([path, node.kind, mode, uid, gid, shown, node.mtime, node.mtimeNs, content, target, links]);
  };
  return entries.map(line).join('\n');
}

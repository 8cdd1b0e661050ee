/**
 * Random values of the model for property tests: small worlds on few names, so that what is drawn meets and collides.
 *
 * A changeset with hard links to what is below makes sense for a tree only: {@link changePlans} draws plans, and
 * {@link planChangeset} makes one a changeset for a tree.
 * @module
 */
import fc from 'fast-check';
import { joinPath } from '../src/base/path.ts';
import type { Change, Changeset, DirChange } from '../src/model/changeset.ts';
import { WHITEOUT } from '../src/model/changeset.ts';
import { bytesContent } from '../src/model/content.ts';
import type { LayerEntry } from '../src/model/layer/entry.ts';
import {
  type Dir,
  type DirInfo,
  type Leaf,
  type LinkToken,
  type Meta,
  type Node,
  withLink,
} from '../src/model/node.ts';
import { type Tree, walk } from '../src/model/tree.ts';

/** Names that sort differently by code unit, by byte and by locale, one longer than V8 copies, and one that is no UTF-8. */
const NAMES = ['a', 'B', 'c', 'd-with-a-long-name', 'é', '\u{1F600}', '\uFFFD', '\uDC80'];

export const names = fc.constantFrom(...NAMES);

export const metas: fc.Arbitrary<Meta> = fc.record({
  mode: fc.constantFrom(0o644, 0o755, 0o4755, 0o1777, 0),
  uid: fc.constantFrom(0, 1000, 4294967294),
  gid: fc.constantFrom(0, 5),
  xattrs: fc.constantFrom(
    undefined,
    new Map([['security.capability', Uint8Array.of(1, 0, 0, 2, 255)]]),
    new Map([['user.empty', new Uint8Array()]]),
  ),
});

const times = fc.record({ mtime: fc.constantFrom(0, 1_700_000_000, -1), mtimeNs: fc.constantFrom(0, 999_999_999) });

export const dirInfos: fc.Arbitrary<DirInfo> = fc
  .tuple(metas, times)
  .map(([meta, time]) => ({ kind: 'dir', meta, ...time }));

const symlinkTargets = fc.constantFrom('a', '/B', '../c', 'a/../B', '..', '/', './', 'gone/a', '/B/a', '');

/** Of every kind, without links. */
export const leaves: fc.Arbitrary<Leaf> = fc
  .tuple(
    metas,
    times,
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('', 'one', 'two').map((text) => ({ kind: 'file', text }) as const) },
      { weight: 2, arbitrary: symlinkTargets.map((target) => ({ kind: 'symlink', target }) as const) },
      fc.constantFrom('char', 'block').map((kind) => ({ kind, major: 1, minor: 3 }) as const),
      fc.constant({ kind: 'fifo' } as const),
    ),
  )
  .map(([meta, time, what]): Leaf => {
    const common = { meta, ...time, link: undefined };
    return what.kind === 'file'
      ? { kind: 'file', ...common, content: bytesContent(what.text) }
      : { ...common, ...what };
  });

/** A leaf that is one inode with all others of its group; which of them it is like, the first of them says. */
interface PlannedLeaf {
  readonly kind: 'leaf';
  readonly leaf: Leaf;
  readonly group: number | undefined;
}

const plannedLeaves: fc.Arbitrary<PlannedLeaf> = fc.record({
  kind: fc.constant('leaf'),
  leaf: leaves,
  group: fc.option(fc.nat({ max: 2 }), { nil: undefined, freq: 2 }),
});

interface PlannedDir<T> {
  readonly kind: 'dir';
  readonly info: DirInfo;
  readonly children: ReadonlyMap<string, T>;
}

type PlannedNode = PlannedLeaf | PlannedDir<PlannedNode>;

/** The nodes of one group are one inode. */
class Groups {
  readonly #first = new Map<number, Leaf>();

  leaf({ leaf, group }: PlannedLeaf): Leaf {
    if (group === undefined) return leaf;
    const token: LinkToken = { link: true };
    const first = this.#first.get(group) ?? withLink(leaf, token);
    this.#first.set(group, first);
    return first;
  }
}

function childrenOf<T>(child: fc.Arbitrary<T>): fc.Arbitrary<ReadonlyMap<string, T>> {
  return fc
    .uniqueArray(fc.tuple(names, child), { selector: ([name]) => name, maxLength: 5 })
    .map((pairs) => new Map(pairs.sort(([a], [b]) => (a < b ? -1 : 1))));
}

const plannedNodes = fc.letrec<{ node: PlannedNode; dir: PlannedDir<PlannedNode> }>((tie) => ({
  dir: fc.record({ kind: fc.constant('dir'), info: dirInfos, children: childrenOf(tie('node')) }),
  node: fc.oneof({ maxDepth: 3, depthSize: 'small' }, plannedLeaves, tie('dir')),
}));

function planTree(plan: PlannedDir<PlannedNode>): Tree {
  const groups = new Groups();
  const make = (node: PlannedNode): Node => (node.kind === 'leaf' ? groups.leaf(node) : makeDir(node));
  const makeDir = ({ info, children }: PlannedDir<PlannedNode>): Dir => ({
    ...info,
    names: [...children.keys()],
    nodes: [...children.values()].map(make),
  });
  return { root: makeDir(plan) };
}

/** Trees with every kind of node and hard links, some of them of one name only. */
export const trees: fc.Arbitrary<Tree> = plannedNodes.dir.map(planTree);

const ALIKE: Leaf = {
  kind: 'file',
  meta: { mode: 0o644, uid: 0, gid: 0 },
  mtime: 0,
  mtimeNs: 0,
  link: undefined,
  content: bytesContent('alike'),
};

/** Trees of one directory whose files are all alike, and differ in how they are linked. */
export const linkedTrees: fc.Arbitrary<Tree> = childrenOf(plannedLeaves.map((plan) => ({ ...plan, leaf: ALIKE }))).map(
  (children) => planTree({ kind: 'dir', info: { ...ALIKE, kind: 'dir' }, children }),
);

export interface ChangePlan {
  readonly kind: 'change';
  readonly info: DirInfo | undefined;
  readonly opaque: boolean;
  readonly children: ReadonlyMap<string, PlannedChange>;
}

type PlannedChange =
  | PlannedLeaf
  | ChangePlan
  | { readonly kind: 'whiteout' }
  /** To one of the files of the tree, by a number. */
  | { readonly kind: 'hardlink'; readonly to: number };

const plannedChanges = fc.letrec<{ change: PlannedChange; dir: ChangePlan }>((tie) => ({
  dir: fc.record({
    kind: fc.constant('change'),
    info: fc.option(dirInfos, { nil: undefined, freq: 2 }),
    opaque: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    children: childrenOf(tie('change')),
  }),
  change: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 3, arbitrary: plannedLeaves },
    { weight: 2, arbitrary: fc.constant({ kind: 'whiteout' } as const) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('hardlink'), to: fc.nat({ max: 50 }) }) },
    { weight: 4, arbitrary: tie('dir') },
  ),
}));

/** The root's own opacity would hide all that is below: it is drawn seldom enough. */
export const changePlans: fc.Arbitrary<ChangePlan> = plannedChanges.dir;

/** The plan as a changeset that can be applied to the tree. */
export function planChangeset(plan: ChangePlan, tree: Tree): Changeset {
  const files = [...walk(tree)].filter(({ node }) => node.kind !== 'dir').map(({ path }) => path);
  const groups = new Groups();
  const make = (change: PlannedChange): Change => {
    switch (change.kind) {
      case 'leaf':
        return groups.leaf(change);
      case 'whiteout':
        return WHITEOUT;
      case 'hardlink': {
        const target = files[change.to % Math.max(files.length, 1)];
        return target === undefined ? WHITEOUT : { kind: 'hardlink', target };
      }
      case 'change':
        return makeDir(change);
    }
  };
  const makeDir = ({ info, opaque, children }: ChangePlan): DirChange => ({
    kind: 'dir-change',
    info,
    opaque,
    names: [...children.keys()],
    changes: [...children.values()].map(make),
  });
  return { root: makeDir(plan) };
}

const paths = fc.array(names, { minLength: 1, maxLength: 4 }).map((parts) => joinPath('/', parts.join('/')));

/** Entries as a layer's archive might list them: in any order, through links, in the way of each other. */
export const layerEntries: fc.Arbitrary<readonly LayerEntry[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('node'), path: paths, node: leaves }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('node'), path: paths, node: dirInfos }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('whiteout'), path: paths }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('opaque'), path: paths }) },
    {
      weight: 2,
      arbitrary: fc
        .record({ path: paths, target: fc.tuple(fc.constantFrom('', '../', './'), paths), meta: metas, time: times })
        .map(({ path, target: [prefix, target], meta, time }) => {
          return { kind: 'hardlink' as const, path, target: prefix + target.slice(1), meta, ...time };
        }),
    },
  ),
  { maxLength: 12 },
);

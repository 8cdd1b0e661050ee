/**
 * What every snapshotter owes: an overlay on the layers that it holds shows the tree that they give. Run by `test/e2e/snapshots/worker.ts` in
 * namespaces of its own, where it can mount.
 * @module
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { digestOf } from '../../src/base/digest.ts';
import { anchor } from '../../src/model/anchor.ts';
import { apply } from '../../src/model/apply.ts';
import type { Changeset } from '../../src/model/changeset.ts';
import type { Content } from '../../src/model/content.ts';
import { diff } from '../../src/model/diff.ts';
import { differencesInBytes } from '../../src/model/difference.ts';
import { TreeEditor } from '../../src/model/editor.ts';
import type { LayerEntry } from '../../src/model/layer/entry.ts';
import { readLayer } from '../../src/model/layer/read.ts';
import { writeLayer } from '../../src/model/layer/write.ts';
import type { DirInfo, FileNode, Leaf, LinkToken } from '../../src/model/node.ts';
import { EMPTY_TREE, type Tree } from '../../src/model/tree.ts';
import type { StepLayer, StepRoot } from '../../src/ports/build-steps.ts';
import type { OverlayForm } from '../../src/sandbox/build/form.ts';
import { type HeldLayers, Snapshots, sweepSnapshots } from '../../src/sandbox/build/snapshots.ts';
import type { LowerLayer, Snapshotter } from '../../src/sandbox/build/snapshotter.ts';
import { rootReader } from '../../src/system/disk-root.ts';
import { namedBlob } from '../../src/system/file-blob.ts';
import { mount, unmount } from '../../src/system/linux.ts';
import { readTree } from '../../src/system/read-tree.ts';
import { trees } from '../arbitraries.ts';
import { memoryBlob } from '../bytes.ts';
import { treeOf, treeOfKernel } from '../trees.ts';

export interface SnapshotterMaker {
  readonly form: OverlayForm;
  /** An empty directory, and the current one. */
  readonly home: string;
  /** In the order in which they are asked. */
  make(directory: string): readonly Snapshotter[];
  /** What a layer of files from a tar is held as. */
  readonly holds: LowerLayer['kind'];
  /** How many stacks of random trees; none where some kinds of files, or owners, cannot be made. */
  readonly draws: number;
}

export interface SnapshotCase {
  readonly name: string;
  /** Throws where something is not as it should be. */
  run(world: World): Promise<void>;
}

export class World {
  readonly maker: SnapshotterMaker;
  readonly directory: string;
  readonly snapshots: Snapshots;
  readonly open: AsyncDisposableStack;

  constructor(maker: SnapshotterMaker, open: AsyncDisposableStack) {
    this.maker = maker;
    this.open = open;
    this.directory = mkdtempSync(join(maker.home, 'snapshots-'));
    this.snapshots = this.another();
  }

  /** As another process would have it. */
  another(): Snapshots {
    const { form } = this.maker;
    return new Snapshots(this.directory, { form, snapshotters: this.maker.make(this.directory) });
  }

  /** Layers that lead from tree to tree, each in a tar of its own. */
  async stack(...stages: readonly Tree[]): Promise<StepRoot> {
    let root: StepRoot = { tree: EMPTY_TREE, layers: [] };
    for (const stage of stages) {
      const changes = diff(root.tree, stage);
      const path = join(this.maker.home, `${Math.random().toString(36).slice(2)}.tar`);
      const tar = await Array.fromAsync(writeLayer(changes, { below: root.tree }), (piece) => Buffer.from(piece));
      writeFileSync(path, Buffer.concat(tar));
      root = stackedOn(root, anchor(root.tree, await this.#entries(path)), basename(path));
    }
    return root;
  }

  async #entries(path: string): Promise<readonly LayerEntry[]> {
    const handle = this.open.use(await open(path));
    return Array.fromAsync(readLayer(namedBlob(path, handle, path), (await handle.stat()).size));
  }

  /** What an overlay of the layers shows. */
  async shown({ layers }: HeldLayers, look: (tree: Tree) => Promise<void>): Promise<void> {
    using stack = new DisposableStack();
    const mounted = (request: Parameters<typeof mount>[0]) => {
      mount(request);
      stack.defer(() => unmount(request.target));
      return request.target;
    };
    const point = mkdtempSync(join(this.maker.home, 'mount-'));
    const paths = layers.map((layer, i) => {
      if (layer.kind === 'directory') return join(basename(this.directory), layer.path);
      mkdirSync(join(point, `${i}`));
      // Its paths are those of a process that stands in the directory of snapshots.
      const source = join(this.directory, layer.mount.source);
      return mounted({ ...layer.mount, source, target: join(basename(point), `${i}`) });
    });
    const root = join(point, 'root');
    mkdirSync(root);
    if (paths.length === 1) return await look(await readTree(rootReader(paths[0] as string), {}));
    const user = this.maker.form.marks === 'user.overlay.' ? ',userxattr' : '';
    const data = `lowerdir=${paths.reverse().join(':')},redirect_dir=nofollow,metacopy=off,index=off,xino=off${user}`;
    mounted({ type: 'overlay', source: 'overlay', target: root, flags: ['readOnly'], data });
    await look(await readTree(rootReader(root), {}));
  }

  async expectShown(root: StepRoot, snapshots = this.snapshots): Promise<void> {
    using held = await snapshots.hold(root, {});
    await this.shown(held, async (tree) => {
      const found = await Array.fromAsync(differencesInBytes(root.tree, tree), ({ path, aspects }) => [
        path,
        ...aspects,
      ]);
      assert.deepEqual(found, []);
    });
  }

  places(): readonly string[] {
    return readdirSync(this.directory).filter((name) => name !== 'keys');
  }
}

function stackedOn(root: StepRoot, changes: Changeset, salt: string): StepRoot {
  const layer: StepLayer = { key: digestOf(`${salt} ${root.layers.length}`), changes };
  return { tree: apply(root.tree, changes), layers: [...root.layers, layer] };
}

const TIME = { mtime: 1_600_000_000, mtimeNs: 123_456_789 };
const OWNER = { mode: 0o751, uid: 33, gid: 44 };

function file(text: string, meta: Partial<FileNode['meta']> = {}, link?: LinkToken): FileNode {
  const found = treeOf(`/x ${text}`).root.nodes[0] as FileNode;
  return { ...found, ...TIME, meta: { mode: 0o640, uid: 0, gid: 0, ...meta }, link };
}

function base(): Tree {
  const editor = new TreeEditor();
  const dir: DirInfo = { kind: 'dir', meta: OWNER, ...TIME };
  const link: LinkToken = { link: true };
  const plain: readonly (readonly [string, Leaf])[] = [
    ['/bin/tool', file('tool', { mode: 0o4755, uid: 33 })],
    ['/bin/link', { ...symlinkTo('tool'), ...TIME }],
    ['/data/a', file('linked', {}, link)],
    ['/data/b', file('linked', {}, link)],
    ['/data/empty', file('')],
    ['/data/odd\uDCC3name', file('odd', { xattrs: new Map([['user.note', Buffer.from('n')]]) })],
    ['/data/pipe', { kind: 'fifo', meta: { mode: 0o600, uid: 0, gid: 0 }, ...TIME, link: undefined }],
    ['/gone/x', file('x')],
    ['/opaque/1', file('1')],
    ['/switch/x', file('x')],
    ['/turn', file('turn')],
    ['/long', { ...symlinkTo('x'.repeat(2000)), ...TIME }],
  ];
  for (const [path, node] of plain) editor.put(path, node, dir);
  for (let i = 0; i < 600; i++) editor.put(`/many/${i}-${'n'.repeat(i % 200)}`, file(`${i}`), dir);
  return editor.done();
}

function symlinkTo(target: string): Leaf {
  return { kind: 'symlink', meta: { mode: 0o777, uid: 33, gid: 44 }, mtime: 0, mtimeNs: 0, link: undefined, target };
}

/** Deletions, replacements, an opaque directory, a new name for a file below, and attributes of a directory alone. */
function changed(below: Tree): Tree {
  const editor = new TreeEditor(below);
  for (const path of ['/gone', '/opaque', '/switch', '/turn', '/data/empty', '/many/7-nnnnnnn']) editor.remove(path);
  editor.put('/opaque/2', file('2'), { kind: 'dir', meta: OWNER, ...TIME });
  editor.put('/switch', file('now a file'));
  editor.put('/turn/in', file('now a directory'), { kind: 'dir', meta: OWNER, ...TIME });
  const linked = editor.get('/data/a') as Leaf;
  editor.put('/data/c', linked);
  editor.putDir('/bin', { kind: 'dir', meta: { ...OWNER, mode: 0o700 }, mtime: 5, mtimeNs: 6 });
  return editor.done();
}

export const SNAPSHOT_CASES: readonly SnapshotCase[] = [
  {
    name: 'one layer',
    run: async (world) => {
      const root = await world.stack(base());
      await world.expectShown(root);
      using held = await world.snapshots.hold(root, {});
      assert.equal(held.layers[0]?.kind, world.maker.holds);
    },
  },
  {
    name: 'layers that delete, replace, hide and link',
    run: async (world) => {
      const below = base();
      const above = changed(below);
      const top = new TreeEditor(above);
      top.remove('/opaque/2');
      top.put('/switch/again', file('again'), { kind: 'dir', meta: OWNER, ...TIME });
      await world.expectShown(await world.stack(below, above, top.done()));
    },
  },
  {
    name: 'an empty layer',
    run: async (world) => world.expectShown(await world.stack(EMPTY_TREE)),
  },
  {
    name: 'what another process holds is found, and not written again',
    run: async (world) => {
      const root = await world.stack(base(), changed(base()));
      await world.expectShown(root);
      const before = world.places();
      assert.equal(before.length, 2);
      const times = () => before.map((name) => statSync(join(world.directory, name)).ctimeMs);
      const at = times();
      await world.expectShown(root, world.another());
      assert.deepEqual(world.places(), before);
      assert.deepEqual(times(), at);
    },
  },
  {
    name: 'two that want the same at once get the same',
    run: async (world) => {
      const root = await world.stack(base());
      const [one, two] = await Promise.all([world.snapshots.hold(root, {}), world.snapshots.hold(root, {})]);
      using _one = one;
      using _two = two;
      assert.deepEqual(one.layers, two.layers);
      assert.equal(world.places().length, 1);
    },
  },
  {
    name: 'what is held stays, and what is not goes when room is wanted',
    run: async (world) => {
      const root = await world.stack(base());
      {
        using _held = await world.snapshots.hold(root, {});
        assert.deepEqual(await sweepSnapshots(world.directory, { keep: 0 }), { layers: 0, bytes: 0 });
      }
      const { layers, bytes } = await sweepSnapshots(world.directory, { keep: 0 });
      assert.equal(layers, 1);
      assert.ok(bytes > 0);
      assert.deepEqual(world.places(), []);
      await world.expectShown(root);
    },
  },
  {
    name: 'the directory that a step has left is the layer of its key',
    run: async (world) => {
      const below = await world.stack(base());
      const place = world.snapshots.fresh();
      mkdirSync(join(place.path, 'fs'));
      writeFileSync(join(place.path, 'fs/new'), 'new');
      world.snapshots.keep(place, below, 'kept', 3);
      place[Symbol.dispose]();
      const tree = new TreeEditor(below.tree).done();
      using held = await world.snapshots.hold(
        { tree, layers: [...below.layers, { key: 'kept', changes: diff(tree, tree) }] },
        {},
      );
      assert.deepEqual(held.layers.at(-1), { kind: 'directory', path: join(place.name, 'fs') });
    },
  },
  {
    name: 'a tar that has gone, or is another one, is not relied upon',
    run: async (world) => {
      const root = await world.stack(base());
      await world.expectShown(root);
      const tar = readdirSync(world.maker.home).find((name) => name.endsWith('.tar')) as string;
      truncateSync(join(world.maker.home, tar), statSync(join(world.maker.home, tar)).size + 512);
      await world.expectShown(root);
      rmSync(join(world.maker.home, tar));
      await world.expectShown(root);
      await sweepSnapshots(world.directory, { keep: 1e9 });
      await world.expectShown(root);
    },
  },
  {
    name: 'a sparse file, and bytes that lie in no tar',
    run: async (world) => {
      const content: Content = {
        kind: 'sparse',
        blob: memoryBlob(Buffer.from('data')),
        size: 1_000_000,
        extents: [{ at: 700_000, offset: 0, size: 4 }],
      };
      const editor = new TreeEditor();
      editor.put('/sparse', { ...file(''), content });
      editor.put('/loose', {
        ...file(''),
        content: { kind: 'slice', blob: memoryBlob(Buffer.from('loose')), offset: 1, size: 4 },
      });
      await world.expectShown(stackedOn(await world.stack(base()), diff(EMPTY_TREE, editor.done()), 'sparse'));
    },
  },
  {
    name: 'any trees',
    run: async (world) => {
      const stages = fc.array(trees.map(treeOfKernel), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(stages, async (drawn) => world.expectShown(await world.stack(...drawn))),
        { numRuns: world.maker.draws },
      );
    },
  },
];

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { trees } from '../../../test/arbitraries.ts';
import { collect, memoryBlob } from '../../../test/bytes.ts';
import { readErofs } from '../../../test/erofs.ts';
import { treeOf, treeOfKernel } from '../../../test/trees.ts';
import { applyLayer } from '../../model/anchor.ts';
import { bytesContent, type Content } from '../../model/content.ts';
import { differences, differencesInBytes } from '../../model/difference.ts';
import { readLayer } from '../../model/layer/read.ts';
import { writeLayer } from '../../model/layer/write.ts';
import { DIR_META, type Leaf, type Meta, type Node } from '../../model/node.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import { erofsImage } from './image.ts';
import { BLOCK, type ErofsBytes } from './types.ts';

const inside = (content: Content): ErofsBytes => {
  if (content.kind !== 'bytes') throw new Error('only bytes');
  return { kind: 'inside', bytes: content.bytes };
};

function withInside(tree: Tree): Buffer {
  return erofsImage(tree.root, { locate: inside, devices: () => [] });
}

function dirOf(entries: readonly (readonly [string, Node])[], meta: Meta = DIR_META): Tree {
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const names = sorted.map(([name]) => name);
  return { root: { kind: 'dir', meta, mtime: 0, mtimeNs: 0, names, nodes: sorted.map(([, node]) => node) } };
}

function leaf(more: Partial<Leaf> = {}): Leaf {
  const common = { meta: { mode: 0o644, uid: 0, gid: 0 }, mtime: 0, mtimeNs: 0, link: undefined };
  return { kind: 'file', content: bytesContent('x'), ...common, ...more } as Leaf;
}

test('a tree comes back from its image, whatever is in it', () => {
  fc.assert(
    fc.property(trees.map(treeOfKernel), (tree) => {
      expect([...differences(tree, readErofs(withInside(tree)))]).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('files of a tar are where they lie', async () => {
  await fc.assert(
    fc.asyncProperty(trees.map(treeOfKernel), async (written) => {
      const tar = await collect(writeLayer(written));
      const { tree } = await applyLayer(EMPTY_TREE, readLayer(memoryBlob(tar), tar.length));
      const locate = (content: Content): ErofsBytes =>
        content.kind === 'slice'
          ? { kind: 'device', device: 0, offset: content.offset, size: content.size }
          : inside(content);
      const image = erofsImage(tree.root, { locate, devices: () => [tar.length] });
      const found = await Array.fromAsync(differencesInBytes(tree, readErofs(image, [tar])));
      expect(found).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test('bytes of several devices, counted through', () => {
  const devices = [Buffer.alloc(700, 'a'), Buffer.alloc(BLOCK, 'b'), Buffer.alloc(3 * BLOCK, 'c')];
  const names = ['0', '1', '2'];
  const tree = dirOf(names.map((name) => [name, leaf({ content: bytesContent(name) } as Partial<Leaf>)]));
  const image = erofsImage(tree.root, {
    locate: (content) => {
      const device = Number(Buffer.from((content as { bytes: Uint8Array }).bytes).toString());
      return { kind: 'device', device, offset: device === 2 ? BLOCK : 0, size: 512 };
    },
    devices: () => devices.map(({ length }) => length),
  });
  const read = readErofs(image, devices).root.nodes.map((node) => (node.kind === 'file' ? node.content : undefined));
  expect(read.map((content) => (content?.kind === 'bytes' ? Buffer.from(content.bytes).toString() : ''))).toEqual([
    'a'.repeat(512),
    'b'.repeat(512),
    'c'.repeat(512),
  ]);
});

describe('sizes at the edges', () => {
  test.each([1, 2, 20, 21, 22, 500, 5000])('a directory of %i names of every length', (count) => {
    const names = Array.from({ length: count }, (_, i) => `${i}-`.padEnd(1 + ((i * 37) % 255), 'é').slice(0, 120));
    const tree = dirOf([...new Set(names)].map((name) => [name, leaf()]));
    expect([...differences(tree, readErofs(withInside(tree)))]).toEqual([]);
  });

  test.each([0, 1, 447, 448, 449, 511, 512, 513, 5000])('a file of %i bytes beside attributes of all sizes', (size) => {
    const entries = [0, 1, 2, 3, 4, 100, 400, 500, 1000, 65_000].map((length) => {
      const xattrs = new Map([['user.x', Buffer.alloc(length, 1)]]);
      return [
        `${length}`,
        leaf({ meta: { mode: 0, uid: 1, gid: 2, xattrs }, content: bytesContent('y'.repeat(size)) }),
      ] as const;
    });
    const tree = dirOf(entries);
    expect([...differences(tree, readErofs(withInside(tree)))]).toEqual([]);
  });

  test('a link of 4,095 bytes, times and owners of all sizes, a deep tree', () => {
    const far = { mtime: 2 ** 40 + 1, mtimeNs: 999_999_999, meta: { mode: 0o777, uid: 2 ** 32 - 2, gid: 65_536 } };
    const link = leaf({ ...far, kind: 'symlink', target: 'é'.repeat(2047) } as Partial<Leaf>);
    let tree = dirOf([
      ['link', link],
      ['old', leaf({ mtime: -(2 ** 40) - 1, mtimeNs: 1 })],
      ['device', leaf({ kind: 'block', major: 4095, minor: 2 ** 20 - 1 } as Partial<Leaf>)],
    ]);
    for (let depth = 0; depth < 1000; depth++) tree = dirOf([['d', tree.root]]);
    expect([...differences(tree, readErofs(withInside(tree)))]).toEqual([]);
  });
});

test('attributes in every namespace of Linux, and none of other systems', () => {
  const names = ['security.capability', 'system.posix_acl_access', 'trusted.overlay.opaque', 'user.é'];
  const meta = (more: readonly string[]) => ({
    mode: 0o644,
    uid: 0,
    gid: 0,
    xattrs: new Map([...names, ...more].sort().map((name) => [name, Buffer.from(name)])),
  });
  const image = withInside(
    dirOf([['file', leaf({ meta: meta(['com.apple.provenance', 'system.nfs4_acl', 'user.']) })]]),
  );
  expect([...differences(dirOf([['file', leaf({ meta: meta([]) })]]), readErofs(image))]).toEqual([]);
});

test('the same tree gives the same bytes', () => {
  const tree = treeOf('/a/b one\n/a/c -> b\n/d => /a/b');
  expect(withInside(tree)).toEqual(withInside(treeOf('/d one\n/a/b => /d\n/a/c -> b')));
});

describe('what it cannot hold is said', () => {
  test.each<[string, Node, RegExp]>([
    ['n'.repeat(256), leaf(), /the name .* has 256 bytes/],
    ['link', leaf({ kind: 'symlink', target: 'x'.repeat(4096) } as Partial<Leaf>), /4096 bytes/],
    ['link', leaf({ kind: 'symlink', target: '' } as Partial<Leaf>), /link to 0 bytes/],
    ['device', leaf({ kind: 'char', major: 4096, minor: 0 } as Partial<Leaf>), /device 4096:0/],
    ['file', leaf({ meta: { mode: 0, uid: 0, gid: 0, xattrs: new Map([['user.x', Buffer.alloc(65_536)]]) } }), /65536/],
  ])('%.10s', (name, node, said) => {
    const write = () => withInside(dirOf([[name, node]]));
    expect(write).toThrow(said);
    expect(write).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });

  test.each(['', '.', '..', 'a/b', 'a\0'])('a name like %j is none', (name) => {
    expect(() => withInside(dirOf([[name, leaf()]]))).toThrow(expect.objectContaining({ code: 'INVALID' }));
  });

  test('bytes within a block, and more blocks than are counted', () => {
    const at = (offset: number, size: number) =>
      erofsImage(dirOf([['file', leaf()]]).root, {
        locate: () => ({ kind: 'device', device: 0, offset, size: 1 }),
        devices: () => [size],
      });
    expect(() => at(100, BLOCK)).toThrow(/no multiple of 512/);
    expect(() => at(0, 2 ** 41)).toThrow(/blocks/);
    expect(at(0, 2 ** 40).length).toBeLessThan(4096);
  });
});

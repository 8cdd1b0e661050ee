/** Layers as containerd applies them, and as umoci does. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { memoryBlob } from '../../test/bytes.ts';
import { type Listed, listingOfTree, treeOfListing } from '../../test/listing.ts';
import { sharedFixture } from '../../test/shared.ts';
import { ImageError } from '../base/errors.ts';
import { dirname } from '../base/path.ts';
import { END_OF_ARCHIVE, encodeHeader, type HeaderFields } from '../formats/tar/encode.ts';
import { anchor, applyLayer } from './anchor.ts';
import { apply } from './apply.ts';
import { bytesContent } from './content.ts';
import { TreeEditor } from './editor.ts';
import type { LayerEntry } from './layer/entry.ts';
import { readLayer } from './layer/read.ts';
import { type DirInfo, IMPLICIT_DIR, type Leaf } from './node.ts';
import { EMPTY_DIR, EMPTY_TREE, nodeAt, type Tree, walk } from './tree.ts';

function json<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

async function applyTar(tree: Tree, bytes: Uint8Array): Promise<Tree> {
  return (await applyLayer(tree, readLayer(memoryBlob(bytes), bytes.length))).tree;
}

const containerd = sharedFixture('containerd-apply');

describe.skipIf(containerd === undefined)('as containerd applies', () => {
  const casesOf = (group: string) => {
    const names = containerd === undefined ? [] : readdirSync(`${containerd}/${group}`);
    return names.map((name) => ({ name, dir: `${containerd}/${group}/${name}` }));
  };

  test.each([...casesOf('TestApplyTar'), ...casesOf('TestBreakouts')])('$name', async ({ dir }) => {
    const base = treeOfListing(json<Listed[] | null>(`${dir}/base.json`));
    const applied = applyTar(base, readFileSync(`${dir}/layer.tar`));
    if (existsSync(`${dir}/expected-error.txt`)) {
      await expect(applied).rejects.toThrow(ImageError);
      return;
    }
    expect(byPath(await listingOfTree(await applied))).toEqual(byPath(json<Listed[]>(`${dir}/expected.json`)));
  });

  test.each(casesOf('fssuite'))('$name', async ({ dir }) => {
    let tree = EMPTY_TREE;
    const layers = readdirSync(dir).filter((name) => name.startsWith('layer-'));
    expect(layers.length).toBeGreaterThan(0);
    for (let i = 0; i < layers.length; i++) {
      tree = await applyTar(tree, readFileSync(`${dir}/layer-${i}.tar`));
      expect(byPath(await listingOfTree(tree))).toEqual(byPath(json<Listed[]>(`${dir}/expected-${i}.json`)));
    }
  });
});

function byPath(listing: readonly Listed[]): Record<string, Listed> {
  return Object.fromEntries(listing.map((listed) => [listed.path, listed]));
}

const umoci = sharedFixture('umoci-tables');

/** `{"$go": …}` is an expression of the Go source. */
interface Dentry {
  readonly path: string | { readonly $go: string };
  readonly ftype: { readonly $go: string };
  readonly linkname?: string;
}
type OpaqueRow = readonly [Dentry, inUpper: boolean, survives: boolean];

/** The tables on whiteouts, opaque directories and scoping; those on xattr filters, id maps and media types are not ours. */
describe.skipIf(umoci === undefined)('as umoci unpacks', () => {
  const table = <T>(name: string): T[] => (umoci === undefined ? [] : json<T[]>(`${umoci}/${name}.json`));

  /** A directory with all of them is below; the layer has some of them again, and marks the directory opaque. */
  describe.each(table<[string, OpaqueRow[] | null]>('TestUnpackOpaqueWhiteout'))('opaque: %s', (_name, rows) => {
    const entries = (rows ?? []).map(([dentry, inUpper, survives]) => ({ entry: entryOf(dentry), inUpper, survives }));
    const nodes = entries.filter(({ entry }) => entry.kind === 'node');
    const upper = entries.filter(({ inUpper }) => inUpper).map(({ entry }) => entry);
    const mark = { kind: 'opaque', path: '/dir' } as const;
    test.each<[string, LayerEntry[]]>([
      ['after', [...upper, mark]],
      ['before', [mark, ...upper]],
    ])('the mark stands %s the entries', (_where, layer) => {
      const info: LayerEntry = { kind: 'node', path: '/dir', node: { ...IMPLICIT_DIR, mtime: 123 } };
      const below = applyEntries(EMPTY_TREE, [info, ...nodes.map(({ entry }) => entry)]);
      const tree = applyEntries(below, layer);
      const expected = new Set(nodes.filter(({ survives }) => survives).map(({ entry }) => entry.path));
      const found = [...walk(tree, '/dir')].map(({ path }) => path).slice(1);
      expect(found.sort()).toEqual([...expected].sort());
      expect(nodeAt(tree, '/dir')?.mtime).toBe(123);
    });
  });

  test.each(table<[string, string, boolean, unknown]>('TestUnpackEntryWhiteout'))(
    'whiteout: %s',
    async (_name, path, isDir, error) => {
      const cut = path.lastIndexOf('/') + 1;
      const layer = tarOf({ kind: 'file', name: `${path.slice(0, cut)}.wh.${path.slice(cut)}` });
      if (error !== null) {
        await expect(applyTar(EMPTY_TREE, layer)).rejects.toThrow(ImageError);
        return;
      }
      const editor = new TreeEditor();
      editor.putDir(dirname(`/${path}`), { ...IMPLICIT_DIR, mtime: 123 });
      editor.put(`/${path}`, isDir ? EMPTY_DIR : FIFO);
      const tree = await applyTar(editor.done(), layer);
      expect(nodeAt(tree, `/${path}`)).toBeUndefined();
      expect(nodeAt(tree, dirname(`/${path}`))?.mtime).toBe(123);
    },
  );

  test.each(table<[string, string]>('TestUnpackEntrySanitiseScoping'))('scoping: %s', async (_name, prefix) => {
    const tree = await applyTar(EMPTY_TREE, tarOf({ kind: 'fifo', name: `${prefix}/file` }));
    expect([...walk(tree)].map(({ path }) => path)).toEqual(['/', '/file']);
  });

  test.each(table<[string, string]>('TestUnpackEntrySymlinkScoping'))('links: %s', async (_name, prefix) => {
    const layer = tarOf({ kind: 'symlink', name: 'link', linkname: prefix }, { kind: 'fifo', name: 'link/file' });
    const tree = await applyTar(EMPTY_TREE, layer);
    expect([...walk(tree)].map(({ path }) => path)).toEqual(['/', '/file', '/link']);
  });
});

const FIFO: Leaf = { ...IMPLICIT_DIR, kind: 'fifo', link: undefined };

function entryOf({ path, ftype, linkname = '' }: Dentry): LayerEntry {
  const whiteout = typeof path === 'string' ? undefined : / \+ "(.*)"$/.exec(path.$go)?.[1];
  if (whiteout !== undefined) return { kind: 'whiteout', path: `/dir/${whiteout}` };
  return { kind: 'node', path: `/dir/${path}`, node: nodeOf(ftype.$go, linkname) };
}

function nodeOf(type: string, target: string): Leaf | DirInfo {
  if (type === 'tar.TypeDir') return IMPLICIT_DIR;
  if (type === 'tar.TypeSymlink') return { ...FIFO, kind: 'symlink', target };
  return { ...FIFO, kind: 'file', content: bytesContent('some') };
}

function applyEntries(tree: Tree, entries: readonly LayerEntry[]): Tree {
  return apply(tree, anchor(tree, entries));
}

function tarOf(...headers: Pick<HeaderFields, 'kind' | 'name' | 'linkname'>[]): Uint8Array {
  const blocks = headers.map((header) => {
    return encodeHeader({ ...header, mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0, mtimeNs: 0 });
  });
  return Buffer.concat([...blocks, END_OF_ARCHIVE]);
}

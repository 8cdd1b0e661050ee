/** Files that COPY and ADD take from, as they are to be in the image: of root, and without what .dockerignore leaves out. @module */
import { type Recursion, runRecursion } from '../../base/recursion.ts';
import type { Dir, Leaf, Meta, Node } from '../../model/node.ts';
import { metaInterner } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { type RootReader, rootReader } from '../../system/disk-root.ts';
import type { Ignore } from './ignore.ts';

/** Attributes that belong to the machine and not to the file. */
const MACHINE_XATTRS = /^(?:system\.|security\.(?:selinux|ima|evm|SMACK)|trusted\.)/;

/** How many entries are read before others get a turn. */
const BREATH = 2000;

/**
 * A directory of this machine. What is ignored is not looked at; contents are read when they are wanted.
 * @throws ImageError NOT_FOUND, DENIED
 */
export async function readContext(directory: string, ignore: Ignore, run: Run): Promise<Tree> {
  const reader = rootReader(directory);
  const metaOf = ownerReset();
  let count = 0;
  const readDir = async (path: string, node: Node): Promise<Dir> => {
    const names: string[] = [];
    const nodes: Node[] = [];
    for (const name of reader.list(path === '' ? '/' : path) ?? []) {
      const child = `${path}/${name}`;
      const found = await readEntry(child);
      if (found === undefined) continue;
      names.push(name);
      nodes.push(found);
    }
    return { kind: 'dir', meta: metaOf(node.meta), mtime: node.mtime, mtimeNs: node.mtimeNs, names, nodes };
  };
  const readEntry = async (path: string): Promise<Node | undefined> => {
    const verdict = ignore(path.slice(1));
    if (verdict === 'out') return undefined;
    const info = reader.lookup(path);
    if (info === undefined) return undefined;
    if (++count % BREATH === 0) await breathe(run);
    if (info.kind !== 'dir') return verdict === 'in' ? { ...info, meta: metaOf(info.meta) } : undefined;
    const dir = await readDir(path, info as Dir);
    return verdict === 'in' || dir.names.length > 0 ? dir : undefined;
  };
  return { root: await readDir('', rootOf(reader)) };
}

function rootOf(reader: RootReader): Dir {
  return { ...(reader.lookup('/') as Dir), names: [], nodes: [] };
}

async function breathe(run: Run): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  run.signal?.throwIfAborted();
}

/** The same of a tree that was read: a tar, a checkout. */
export function asContext(tree: Tree, ignore: Ignore): Tree {
  const metaOf = ownerReset();
  const leafOf = (leaf: Leaf): Leaf => ({ ...leaf, meta: metaOf(leaf.meta) });
  function* dirOf(dir: Dir, path: string): Recursion<Dir> {
    const names: string[] = [];
    const nodes: Node[] = [];
    for (const [i, name] of dir.names.entries()) {
      const node = dir.nodes[i] as Node;
      const verdict = ignore(path + name);
      if (verdict === 'out' || (verdict === 'perhaps' && node.kind !== 'dir')) continue;
      const made = node.kind === 'dir' ? yield dirOf(node, `${path}${name}/`) : leafOf(node);
      if (verdict === 'perhaps' && made.kind === 'dir' && made.names.length === 0) continue;
      names.push(name);
      nodes.push(made);
    }
    return { kind: 'dir', meta: metaOf(dir.meta), mtime: dir.mtime, mtimeNs: dir.mtimeNs, names, nodes };
  }
  return { root: runRecursion(dirOf(tree.root, '')) };
}

function ownerReset(): (meta: Meta) => Meta {
  const intern = metaInterner();
  return ({ mode, xattrs }) => {
    const kept = [...(xattrs ?? [])].filter(([name]) => !MACHINE_XATTRS.test(name));
    return intern({ mode, uid: 0, gid: 0, ...(kept.length > 0 ? { xattrs: new Map(kept) } : {}) });
  };
}

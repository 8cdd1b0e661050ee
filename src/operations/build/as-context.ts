/** A tree that was read, as files for COPY and ADD are to be: root's, and without what .dockerignore leaves out. @module */
import { type Recursion, runRecursion } from '../../base/recursion.ts';
import type { Dir, Leaf, Meta, Node } from '../../model/node.ts';
import { metaInterner } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';
import type { Ignore } from './ignore.ts';

/** Attributes that belong to the machine and not to the file. */
const MACHINE_XATTRS = /^(?:system\.|security\.(?:selinux|ima|evm|SMACK)|trusted\.)/;

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

export function ownerReset(): (meta: Meta) => Meta {
  const intern = metaInterner();
  return ({ mode, xattrs }) => {
    const kept = [...(xattrs ?? [])].filter(([name]) => !MACHINE_XATTRS.test(name));
    return intern({ mode, uid: 0, gid: 0, ...(kept.length > 0 ? { xattrs: new Map(kept) } : {}) });
  };
}

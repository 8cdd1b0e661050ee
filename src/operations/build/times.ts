/** One time for all files of a tree. @module */
import { type Recursion, runRecursion } from '../../base/recursion.ts';
import type { Dir, Node } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';

/** @param mtime seconds since the epoch */
export function withTime({ root }: Tree, mtime: number): Tree {
  const time = { mtime, mtimeNs: 0 };
  function* dirOf(dir: Dir): Recursion<Dir> {
    const nodes: Node[] = [];
    for (const node of dir.nodes) nodes.push(node.kind === 'dir' ? yield dirOf(node) : { ...node, ...time });
    return { ...dir, ...time, nodes };
  }
  return { root: runRecursion(dirOf(root)) };
}

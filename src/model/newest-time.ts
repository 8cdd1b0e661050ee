/** The age of a tree. @module */
import { type Tree, walk } from './tree.ts';

/** The newest time of modification of any entry but the root, in seconds since the epoch; 0 for an empty tree. */
export function newestTime(tree: Tree): number {
  let newest = 0;
  for (const { path, node } of walk(tree)) if (path !== '/' && node.mtime > newest) newest = node.mtime;
  return newest;
}

/** Putting prepared entries into a tree that has entries already. @module */

import { ImageError } from '../../../base/errors.ts';
import { printableName } from '../../../base/names.ts';
import { type Recursion, runRecursion } from '../../../base/recursion.ts';
import type { TreeEditor } from '../../../model/editor.ts';
import type { Dir, Node } from '../../../model/node.ts';

/**
 * Directories join those that stand there and give them their metadata, but for the one that was named, which keeps its own. A
 * link and a directory replace each other; a file does not replace a directory, nor a directory a file.
 * @param path physical
 * @throws ImageError CONFLICT
 */
export function mergeInto(editor: TreeEditor, path: string, node: Node): void {
  if (node.kind === 'dir') runRecursion(mergeDir(editor, path, node, false));
  else mergeLeaf(editor, path, node);
}

function* mergeDir(editor: TreeEditor, path: string, dir: Dir, describes: boolean): Recursion<void> {
  const standing = editor.get(path);
  if (standing === undefined || standing.kind === 'symlink') return editor.put(path, dir);
  if (standing.kind !== 'dir') throw inTheWay(path, 'a directory', 'a file');
  if (describes) editor.putDir(path, { kind: 'dir', meta: dir.meta, mtime: dir.mtime, mtimeNs: dir.mtimeNs });
  for (let i = 0; i < dir.names.length; i++) {
    const child = path === '/' ? `/${dir.names[i]}` : `${path}/${dir.names[i]}`;
    const node = dir.nodes[i] as Node;
    if (node.kind === 'dir') yield mergeDir(editor, child, node, true);
    else mergeLeaf(editor, child, node);
  }
}

function mergeLeaf(editor: TreeEditor, path: string, leaf: Exclude<Node, Dir>): void {
  const standing = editor.get(path);
  if (standing?.kind === 'dir' && leaf.kind !== 'symlink') throw inTheWay(path, 'a file', 'a directory');
  editor.put(path, leaf);
}

function inTheWay(path: string, what: string, there: string): ImageError {
  return new ImageError('CONFLICT', `cannot put ${what} at ${printableName(path)}, where ${there} stands`, {
    hint: 'remove what stands there in a step before, or copy to another path',
  });
}

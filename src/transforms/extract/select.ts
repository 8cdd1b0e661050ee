/** Some paths of a tree, with all below them and the directories above. @module */
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import { ancestors } from '../../base/path.ts';
import { TreeEditor } from '../../model/editor.ts';
import { resolve } from '../../model/resolve.ts';
import { infoOf, nodeAt, type Tree } from '../../model/tree.ts';

/**
 * Links on the way to a path come along, so that it can be reached as it was named; a link at its end is the entry that is meant.
 * @param paths as a user writes them; none: the whole tree
 * @throws ImageError NOT_FOUND
 */
export function selectPaths(tree: Tree, paths: readonly string[]): Tree {
  if (paths.length === 0) return tree;
  const editor = new TreeEditor({ root: { ...tree.root, names: [], nodes: [] } });
  for (const path of paths) {
    const end = resolve(tree, path, { follow: false });
    if (end.kind === 'missing') {
      throw new ImageError('NOT_FOUND', `there is no ${printableName(path)}: nothing is at ${printableName(end.at)}`);
    }
    for (const place of [...end.hops.map((hop) => hop.path), end.path]) take(editor, tree, place);
  }
  return editor.done();
}

function take(editor: TreeEditor, tree: Tree, path: string): void {
  for (const dir of ancestors(path)) {
    const node = nodeAt(tree, dir);
    if (node?.kind === 'dir' && editor.get(dir) === undefined) editor.putDir(dir, infoOf(node));
  }
  const node = nodeAt(tree, path);
  if (node !== undefined) editor.put(path, node);
}

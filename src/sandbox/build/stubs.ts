/**
 * Places to mount at that the root filesystem does not have: they stand in a layer of their own below the upper directory, so
 * that making them changes nothing, no time of a directory either.
 * @module
 */
import { joinPath } from '../../base/path.ts';
import type { Changeset } from '../../model/changeset.ts';
import { EMPTY_CONTENT } from '../../model/content.ts';
import { diff } from '../../model/diff.ts';
import { TreeEditor } from '../../model/editor.ts';
import { DIR_META, FILE_META } from '../../model/node.ts';
import { resolve } from '../../model/resolve.ts';
import { EMPTY_DIR, type Node, type Tree } from '../../model/tree.ts';

export interface MountPoint {
  /** As a program would give it: links in it are followed. */
  readonly path: string;
  readonly kind: 'dir' | 'file';
  /** Of a directory; default 0755. */
  readonly mode?: number;
}

const EMPTY_FILE: Node = {
  kind: 'file',
  meta: FILE_META,
  mtime: 0,
  mtimeNs: 0,
  link: undefined,
  content: EMPTY_CONTENT,
};
const newDir = (mode: number): Node => ({ ...EMPTY_DIR, meta: { ...DIR_META, mode } });

/** What has to be added, so that each of the points, in this order, can be mounted at. */
export function mountPointsMissing(tree: Tree, points: readonly MountPoint[]): Changeset {
  let made = tree;
  for (const { path, kind, mode = 0o755 } of points) {
    const found = resolve(made, path);
    if (found.kind === 'found' || found.why !== 'absent') continue;
    const editor = new TreeEditor(made);
    const at = found.rest.reduce((dir, name) => joinPath(dir, name), found.at);
    editor.put(at, kind === 'dir' ? newDir(mode) : EMPTY_FILE);
    made = editor.done();
  }
  return diff(tree, made);
}

/** Putting prepared entries into a tree that has entries already. @module */

import { ImageError } from '../../../base/errors.ts';
import { printableName } from '../../../base/names.ts';
import { type Recursion, runRecursion } from '../../../base/recursion.ts';
import type { TreeEditor } from '../../../model/editor.ts';
import type { Dir, DirInfo, Leaf, Meta, Node } from '../../../model/node.ts';
import type { Prepared } from './prepare.ts';

/** Seconds since the epoch. */
export interface MergeTimes {
  /** Of directories in which something is put. */
  readonly now: number;
  /** Of the directory that was named, where it stands already. */
  readonly named: { readonly mtime: number; readonly mtimeNs: number };
}

/**
 * Directories join those that stand there and give them their metadata, but for the one that was named, which gives its time alone,
 * and for those that come for what is in them only, which give their permissions. A link and a directory replace each other, as the
 * classic builder has it; a file does not replace a directory, nor a directory a file.
 * @param path physical
 * @returns whether there is an entry at the path that was not there before
 * @throws ImageError CONFLICT
 */
export function mergeInto(editor: TreeEditor, path: string, { node, passed }: Prepared, times: MergeTimes): boolean {
  if (node.kind !== 'dir') return mergeLeaf(editor, path, node);

  function* merge(at: string, dir: Dir): Recursion<boolean> {
    const standing = editor.get(at);
    if (standing === undefined || standing.kind === 'symlink') {
      editor.put(at, dir);
      return true;
    }
    if (standing.kind !== 'dir') throw inTheWay(at, 'a directory', 'a file');
    let isChanged = false;
    for (let i = 0; i < dir.names.length; i++) {
      const child = at === '/' ? `/${dir.names[i]}` : `${at}/${dir.names[i]}`;
      const inner = dir.nodes[i] as Node;
      const isNew = inner.kind === 'dir' ? yield merge(child, inner) : mergeLeaf(editor, child, inner);
      isChanged ||= isNew;
    }
    const info = infoOf(dir, standing, isChanged, at === path);
    if (at !== '/') editor.putDir(at, info);
    return false;
  }

  const infoOf = (dir: Dir, standing: DirInfo, isChanged: boolean, isNamed: boolean): DirInfo => {
    if (isNamed) return { kind: 'dir', meta: standing.meta, ...times.named };
    const mode = passed.get(dir);
    const { mtime, mtimeNs } = mode === undefined ? dir : isChanged ? { mtime: times.now, mtimeNs: 0 } : standing;
    const meta = mode === undefined ? joined(standing.meta, dir.meta) : { ...standing.meta, mode };
    return { kind: 'dir', meta, mtime, mtimeNs };
  };
  return runRecursion(merge(path, node));
}

/** Attributes come to those that are there. */
function joined(below: Meta, meta: Meta): Meta {
  if (below.xattrs === undefined) return meta;
  return { ...meta, xattrs: new Map([...below.xattrs, ...(meta.xattrs ?? [])]) };
}

function mergeLeaf(editor: TreeEditor, path: string, leaf: Leaf): boolean {
  const standing = editor.get(path);
  if (standing?.kind === 'dir' && leaf.kind !== 'symlink') throw inTheWay(path, 'a file', 'a directory');
  editor.put(path, leaf);
  return true;
}

function inTheWay(path: string, what: string, there: string): ImageError {
  return new ImageError('CONFLICT', `cannot put ${what} at ${printableName(path)}, where ${there} stands`, {
    hint: 'remove what stands there in a step before, or copy to another path',
  });
}

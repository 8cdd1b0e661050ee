/** Where a copy goes: links in the way are followed inside the root, and missing directories are made. @module */
import { ImageError } from '../../../base/errors.ts';
import { printableName } from '../../../base/names.ts';
import { ancestors, dirname } from '../../../base/path.ts';
import type { TreeEditor } from '../../../model/editor.ts';
import type { DirInfo, NodeInfo } from '../../../model/node.ts';
import { resolving } from '../../../model/resolve.ts';

export interface Place {
  /** Physical: no component of it is a link. */
  readonly path: string;
  /** What stands there. */
  readonly node: NodeInfo | undefined;
}

/** What the path means, or where it would be made: a link to nowhere leads to where its target would be. */
export function placeOf(editor: TreeEditor, path: string): Place {
  const steps = resolving(path);
  let step = steps.next();
  while (!step.done) step = steps.next(editor.get(step.value));
  const found = step.value;
  if (found.kind === 'found') return { path: found.path, node: found.node };
  if (found.why === 'absent') return { path: [found.at, ...found.rest].join('/'), node: undefined };
  const reason = found.why === 'loop' ? 'links lead in a circle' : `${printableName(found.at)} is no directory`;
  throw new ImageError('CONFLICT', `cannot put anything at ${printableName(path)}: ${reason}`);
}

/**
 * Makes the directory and those above it that are missing.
 * @param made metadata of directories that are made
 * @throws ImageError CONFLICT where something else is in the way
 */
export function makeDirectories(editor: TreeEditor, path: string, made: DirInfo): Place {
  const place = placeOf(editor, path);
  if (place.node?.kind === 'dir') return place;
  if (place.node !== undefined) {
    throw new ImageError('CONFLICT', `${printableName(place.path)} is no directory, and one is needed there`);
  }
  for (const above of [...ancestors(place.path), place.path]) {
    if (editor.get(above) !== undefined) continue;
    touch(editor, dirname(above), made.mtime);
    editor.putDir(above, made);
  }
  return { path: place.path, node: made };
}

/** The time of a directory in which an entry was made. Of the root's no layer tells. @param time seconds since the epoch */
export function touch(editor: TreeEditor, path: string, time: number): void {
  const standing = editor.get(path);
  if (path === '/' || standing?.kind !== 'dir') return;
  editor.putDir(path, { kind: 'dir', meta: standing.meta, mtime: time, mtimeNs: 0 });
}

/** The directory that a file of this path is put into. */
export function parentOf(path: string): string {
  return path.endsWith('/') ? path : dirname(path);
}

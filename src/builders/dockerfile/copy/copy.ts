/**
 * What COPY and ADD do to a root filesystem, as a pure function: nothing is unpacked and no byte of a file is read. The rules are
 * those of BuildKit's file operations (solver/llbsolver/file, tonistiigi/fsutil/copy).
 * @module
 */
import { ImageError } from '../../../base/errors.ts';
import { printableName } from '../../../base/names.ts';
import { basename, dirname } from '../../../base/path.ts';
import { TreeEditor } from '../../../model/editor.ts';
import type { LayerEntry } from '../../../model/layer/entry.ts';
import type { DirInfo, FileNode, Node } from '../../../model/node.ts';
import { resolve } from '../../../model/resolve.ts';
import { nodeAt, type Tree } from '../../../model/tree.ts';
import { mergeInto } from './merge.ts';
import { makeDirectories, parentOf, placeOf, touch } from './place.ts';
import { type Owner, type Preparation, type Prepared, prepare } from './prepare.ts';
import { unpackInto } from './unpack.ts';
import { matchingPaths } from './wildcards.ts';

export type CopySource = PathSource | FileSource | TreeSource;

/** A path of a tree, perhaps with wildcards. */
export interface PathSource {
  readonly kind: 'path';
  readonly tree: Tree;
  /** Clean and absolute. */
  readonly path: string;
  /** With `--parents`: what is taken of the directory `path`, by its path below it. */
  readonly includes?: ((path: string, isDirectory: boolean) => boolean) | undefined;
  /** What was written, where something has to be taken. */
  readonly required?: string | undefined;
  /** Whether archives among the files are unpacked. */
  readonly unpacks: boolean;
}

/** A single file that was made or downloaded. */
export interface FileSource {
  readonly kind: 'file';
  readonly name: string;
  readonly node: FileNode;
  readonly unpacks: boolean;
}

/** A whole tree: a git checkout. */
export interface TreeSource {
  readonly kind: 'tree';
  readonly tree: Tree;
}

export interface CopyRequest {
  readonly sources: readonly CopySource[];
  /** Absolute; ends with a slash where it is to be a directory. */
  readonly destination: string;
  readonly owner: Owner | undefined;
  readonly mode: Preparation['mode'];
  /** Permissions of directories that are made; default 0755. */
  readonly dirMode?: number | undefined;
  /** Whether a path below a source that is a directory stays out. */
  readonly excludes: ((path: string, isDirectory: boolean) => boolean) | undefined;
  /** Of directories that are made: seconds since the epoch. */
  readonly time: number;
}

/** The entries of an archive among the files; undefined: the file is none. */
export type Archives = (file: FileNode) => Promise<readonly LayerEntry[] | undefined>;

/**
 * The tree after the copy.
 * @throws ImageError NOT_FOUND for a source that is missing, CONFLICT where something is in the way, INVALID for an archive
 */
export async function copyInto(tree: Tree, request: CopyRequest, archives: Archives): Promise<Tree> {
  let editor = new TreeEditor(tree);
  const alone = new Map<string, CopySource>();
  for (const source of request.sources) {
    for (const item of itemsOf(source)) {
      const entries = item.unpacks && item.node.kind === 'file' ? await archives(item.node) : undefined;
      if (entries === undefined) put(editor, item, request, (path) => taken(alone, path, source));
      else editor = await unpackInto(editor, entries, request);
    }
  }
  return editor.done();
}

/** What is copied of one source, whatever it is copied to: by its name, as it is to be there. */
export function* copiedOf(
  source: CopySource,
  request: Chosen,
): Generator<{ readonly name: string; readonly node: Node; readonly unpacks: boolean }> {
  for (const item of itemsOf(source)) {
    yield { name: item.name, node: prepared(item, request).node, unpacks: item.unpacks };
  }
}

type Chosen = Pick<CopyRequest, 'owner' | 'mode' | 'excludes' | 'time'>;

interface Item {
  /** Last name of the source as it was written. */
  readonly name: string;
  readonly node: Node;
  readonly unpacks: boolean;
  readonly includes?: PathSource['includes'];
  /** Whether it is a root directory, whose time says nothing. */
  readonly isRoot?: boolean;
}

function itemsOf(source: CopySource): readonly Item[] {
  switch (source.kind) {
    case 'file':
      return [source];
    case 'tree':
      return [{ name: '', node: source.tree.root, unpacks: false, isRoot: true }];
    case 'path': {
      const { tree, path, unpacks, includes, required } = source;
      const items = matchingPaths(tree, path).map((match) => ({
        name: basename(match),
        node: followed(tree, match, path),
        unpacks,
        includes,
        isRoot: match === '/',
      }));
      if (required !== undefined) for (const { node } of items) assertHas(node, includes, required);
      return items;
    }
  }
}

/** A source that is a link means what the link leads to. */
function followed(tree: Tree, path: string, written: string): Node {
  const found = resolve(tree, path);
  const node = found.kind === 'found' ? nodeAt(tree, found.path) : undefined;
  if (node !== undefined) return node;
  const dangling =
    found.hops.length > 0 ? `: it is a link to ${printableName(found.hops.at(-1)?.node.target ?? '')}` : '';
  throw new ImageError('NOT_FOUND', `"${printableName(written)}" is not there${dangling}`);
}

/** @throws ImageError NOT_FOUND where nothing of it is wanted */
function assertHas(node: Node, includes: PathSource['includes'], required: string): void {
  const { node: wanted } = prepare(node, { wants: includes, time: 0 });
  if (wanted.kind === 'dir' && wanted.names.length === 0) {
    throw new ImageError('NOT_FOUND', `"${printableName(required)}" is not there`);
  }
}

/** Whether a file of another source was put there under this name. Of one source, the last of those that match counts. */
function taken(alone: Map<string, CopySource>, path: string, source: CopySource): boolean {
  const before = alone.get(path);
  alone.set(path, source);
  return before !== undefined && before !== source;
}

function put(editor: TreeEditor, item: Item, request: CopyRequest, isTaken: (path: string) => boolean): void {
  const { destination, time } = request;
  const entries = prepared(item, request);
  const made = madeDir(request, request.dirMode ?? 0o755);
  makeDirectories(editor, parentOf(destination), made);
  const place = entries.node.kind === 'dir' ? makeDirectories(editor, destination, made) : placeOf(editor, destination);
  const inside = entries.node.kind !== 'dir' && place.node?.kind === 'dir';
  const path = inside ? `${place.path === '/' ? '' : place.path}/${item.name}` : place.path;
  const { mtime, mtimeNs } = item.isRoot ? { mtime: time, mtimeNs: 0 } : entries.node;
  if (entries.node.kind !== 'dir' && !inside && isTaken(path)) throw oneOverAnother(destination);
  if (!inside && place.node === undefined) makeDirectories(editor, dirname(path), made);
  if (mergeInto(editor, path, entries, { now: time, named: { mtime, mtimeNs } })) touch(editor, dirname(path), time);
}

function oneOverAnother(destination: string): ImageError {
  const message = `several files cannot be put at ${printableName(destination)}, which is no directory`;
  return new ImageError('USAGE', message, { hint: `write ${printableName(destination)}/` });
}

function prepared({ node, includes }: Item, { owner, mode, excludes, time }: Chosen): Prepared {
  return prepare(node, { owner, mode, wants: wantedBy(includes, excludes), time });
}

function wantedBy(includes: PathSource['includes'], excludes: CopyRequest['excludes']): Preparation['wants'] {
  if (includes === undefined && excludes === undefined) return undefined;
  return (path, isDirectory) => (includes?.(path, isDirectory) ?? true) && !(excludes?.(path, isDirectory) ?? false);
}

function madeDir({ owner, time }: CopyRequest, mode: number): DirInfo {
  return { kind: 'dir', meta: { mode, uid: 0, gid: 0, ...owner }, mtime: time, mtimeNs: 0 };
}

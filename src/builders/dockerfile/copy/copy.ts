/**
 * What COPY and ADD do to a root filesystem, as a pure function: nothing is unpacked and no byte of a file is read. The rules are
 * those of BuildKit's file operations (solver/llbsolver/file, tonistiigi/fsutil/copy).
 * @module
 */
import { ImageError } from '../../../base/errors.ts';
import { printableName } from '../../../base/names.ts';
import { basename, cleanPath } from '../../../base/path.ts';
import { applyLayer } from '../../../model/anchor.ts';
import { TreeEditor } from '../../../model/editor.ts';
import type { LayerEntry } from '../../../model/layer/entry.ts';
import type { DirInfo, FileNode, Leaf, Node } from '../../../model/node.ts';
import { resolve } from '../../../model/resolve.ts';
import { EMPTY_DIR, nodeAt, type Tree } from '../../../model/tree.ts';
import { mergeInto } from './merge.ts';
import { makeDirectories, parentOf, placeOf } from './place.ts';
import { type Owner, type Preparation, prepare } from './prepare.ts';
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
  /** Whether a path below a source stays out, or the name of a source that is a file. */
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
  for (const source of request.sources) {
    for (const item of itemsOf(source)) {
      const entries = item.unpacks && item.node.kind === 'file' ? await archives(item.node) : undefined;
      if (entries === undefined) put(editor, item, request);
      else editor = new TreeEditor(await unpacked(editor, entries, request));
    }
  }
  return editor.done();
}

/** What is copied of one source, whatever it is copied to: by its name, as it is to be there. */
export function* copiedOf(
  source: CopySource,
  request: Pick<CopyRequest, 'owner' | 'mode' | 'excludes'>,
): Generator<{ readonly name: string; readonly node: Node; readonly unpacks: boolean }> {
  for (const item of itemsOf(source)) {
    const node = prepared(item, request);
    if (node !== undefined) yield { name: item.name, node, unpacks: item.unpacks };
  }
}

interface Item {
  /** Last name of the source as it was written. */
  readonly name: string;
  readonly node: Node;
  readonly unpacks: boolean;
  readonly includes?: PathSource['includes'];
}

function itemsOf(source: CopySource): readonly Item[] {
  switch (source.kind) {
    case 'file':
      return [source];
    case 'tree':
      return [{ name: '', node: source.tree.root, unpacks: false }];
    case 'path': {
      const { tree, path, unpacks, includes } = source;
      return matchingPaths(tree, path).map((match) => ({
        name: basename(match),
        node: followed(tree, match, path),
        unpacks,
        includes,
      }));
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

function put(editor: TreeEditor, item: Item, request: CopyRequest): void {
  const { destination } = request;
  const node = prepared(item, request);
  if (node === undefined) return;
  const made = madeDir(request);
  makeDirectories(editor, parentOf(destination), made);
  const place = placeOf(editor, destination);
  if (node.kind === 'dir') {
    mergeInto(editor, makeDirectories(editor, destination, made).path, node);
  } else if (place.node?.kind === 'dir') {
    mergeInto(editor, place.path === '/' ? `/${item.name}` : `${place.path}/${item.name}`, node);
  } else mergeInto(editor, place.path, node satisfies Leaf);
}

/** Undefined where nothing of it is wanted. */
function prepared(
  { name, node, includes }: Item,
  { owner, mode, excludes }: Pick<CopyRequest, 'owner' | 'mode' | 'excludes'>,
): Node | undefined {
  if (node.kind !== 'dir' && excludes?.(name, false)) return undefined;
  return prepare(node, { owner, mode, wants: wantedBy(includes, excludes) });
}

function wantedBy(includes: PathSource['includes'], excludes: CopyRequest['excludes']): Preparation['wants'] {
  if (includes === undefined && excludes === undefined) return undefined;
  return (path, isDirectory) => (includes?.(path, isDirectory) ?? true) && !(excludes?.(path, isDirectory) ?? false);
}

function madeDir({ owner, time }: CopyRequest): DirInfo {
  return { kind: 'dir', meta: { mode: 0o755, uid: 0, gid: 0, ...owner }, mtime: time, mtimeNs: 0 };
}

/** An archive's entries keep their owners and permissions; for its links, the destination is the root. */
async function unpacked(editor: TreeEditor, entries: readonly LayerEntry[], request: CopyRequest): Promise<Tree> {
  const { path } = makeDirectories(editor, cleanPath(request.destination), madeDir(request));
  const tree = editor.done();
  const below = nodeAt(tree, path);
  const root = below?.kind === 'dir' ? below : EMPTY_DIR;
  const mark = entries.find(({ kind }) => kind === 'whiteout' || kind === 'opaque');
  if (mark !== undefined) {
    throw new ImageError(
      'UNSUPPORTED',
      `the archive has a file for ${printableName(mark.path)} whose name begins with .wh.`,
      {
        hint: 'a layer cannot hold such names: they mean removed files there',
      },
    );
  }
  const applied = await applyLayer({ root }, asynchronous(withoutRoot(entries)));
  const after = new TreeEditor(tree);
  after.put(path, applied.tree.root);
  return after.done();
}

/** The archive's entry for the destination itself says nothing of it. */
function withoutRoot(entries: readonly LayerEntry[]): readonly LayerEntry[] {
  return entries.filter(({ path }) => path !== '/');
}

async function* asynchronous<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

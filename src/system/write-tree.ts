/**
 * Every entry of a tree written into an empty directory, exact where the user is root; else what the user can do.
 *
 * Nothing is written outside: every directory is made here and closed to others until the end, and no existing name is ever
 * opened or followed.
 * @module
 */
import { constants, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ImageError } from '../base/errors.ts';
import { encodeName, hasEscapes, printableName } from '../base/names.ts';
import { basename } from '../base/path.ts';
import type { Content } from '../model/content.ts';
import { contentPieces } from '../model/layer/content-pieces.ts';
import type { DirInfo, FileNode, Leaf, LinkToken } from '../model/node.ts';
import { type Tree, walk } from '../model/tree.ts';
import type { Run } from '../ports/run.ts';
import { type Metadata, metadataWriter } from './disk-metadata.ts';
import { makeNode } from './linux.ts';

/** Bytes for a name that is no UTF-8. */
export type DiskPath = string | Buffer;

/** Entries written before others get a turn. */
const BREATH = 500;

/**
 * @param base an empty directory of the caller's own
 * @returns what could not be done, for people; undefined where everything could
 */
export async function writeTree(tree: Tree, base: string, run: Run): Promise<string | undefined> {
  const metadata = metadataWriter();
  // From the deepest up, since making an entry in a directory changes its time, and may need what its mode forbids.
  const [root, ...dirs] = await writeEntries(tree, base, metadata, run);
  for (const { path, info } of dirs.reverse()) metadata.apply(path, info);
  if (root !== undefined) metadata.applyRoot(root.path, root.info);
  return metadata.summary();
}

export interface WrittenDirectory {
  readonly path: DiskPath;
  readonly info: DirInfo;
}

/**
 * Everything but the attributes of directories, which stay closed to others.
 * @param base an empty directory of the caller's own
 * @returns the directories, in order of walk, the root's first
 */
export async function writeEntries(
  tree: Tree,
  base: string,
  metadata: Metadata,
  run: Run,
): Promise<WrittenDirectory[]> {
  const links = new Map<LinkToken, DiskPath>();
  const dirs: WrittenDirectory[] = [];
  let count = 0;
  for (const { path, node } of walk(tree)) {
    if (++count % BREATH === 0) await breathe(run);
    const disk = diskPath(base, path);
    if (node.kind === 'dir') {
      if (path !== '/') mkdirSync(disk, { mode: 0o700 });
      dirs.push({ path: disk, info: node });
    } else await writeLeaf(disk, node, { links, metadata, run });
  }
  return dirs;
}

async function breathe({ signal }: Run): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}

function diskPath(base: string, path: string): DiskPath {
  const name = basename(path);
  if (path !== '/' && (name === '' || name === '.' || name === '..' || name.includes('\0'))) {
    throw new ImageError('INVALID', `the tree has an entry named "${printableName(name)}", which no file can be named`);
  }
  const full = path === '/' ? base : `${base === '/' ? '' : base}${path}`;
  return hasEscapes(full) ? encodeName(full) : full;
}

interface Writing {
  /** Where the first name of a hard-linked file is. */
  readonly links: Map<LinkToken, DiskPath>;
  readonly metadata: Metadata;
  readonly run: Run;
}

async function writeLeaf(path: DiskPath, node: Leaf, writing: Writing): Promise<void> {
  const { links, metadata } = writing;
  const first = node.link && links.get(node.link);
  if (first !== undefined) {
    linkSync(first, path);
    return;
  }
  if (!(await makeLeaf(path, node, writing))) return;
  if (node.link !== undefined) links.set(node.link, path);
  metadata.apply(path, node);
}

/** Whether it could be made: an ordinary user can make no devices. */
async function makeLeaf(path: DiskPath, node: Leaf, { metadata, run }: Writing): Promise<boolean> {
  switch (node.kind) {
    case 'file':
      await writeFile(path, node, run);
      return true;
    case 'symlink':
      symlinkSync(hasEscapes(node.target) ? encodeName(node.target) : node.target, path);
      return true;
    case 'fifo':
      makeNode(path, 'fifo', 0o600);
      return true;
    case 'char':
    case 'block':
      return metadata.permitted('device', () => makeNode(path, node.kind, 0o600, node));
  }
}

const NEW_FILE = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;

/** Files up to this size are written at once: several times as fast as through the thread pool. */
const SMALL = 64 * 1024;

async function writeFile(path: DiskPath, node: FileNode, run: Run): Promise<void> {
  const bytes = smallContent(node.content);
  if (bytes !== undefined) {
    writeFileSync(path, bytes, { flag: 'wx', mode: 0o600 });
    return;
  }
  await using handle = await open(path, NEW_FILE, 0o600);
  await writeContent(handle, node.content, run);
}

/** Undefined for a large one, and for one that has to be waited for. */
function smallContent(content: Content): Uint8Array | undefined {
  if (content.size > SMALL || content.kind === 'sparse') return undefined;
  if (content.kind === 'bytes') return content.bytes;
  if (content.blob.readInto === undefined) return undefined;
  const bytes = Buffer.allocUnsafe(content.size);
  if (content.size > 0) content.blob.readInto(bytes, content.offset, content.size);
  return bytes;
}

async function writeContent(handle: FileHandle, content: Content, { signal }: Run): Promise<void> {
  if (content.kind !== 'sparse') {
    for await (const piece of contentPieces(content)) {
      signal?.throwIfAborted();
      await handle.writeFile(piece);
    }
    return;
  }
  for (const { at, offset, size } of content.extents) {
    let position = at;
    for await (const piece of content.blob.stream(offset, size)) {
      signal?.throwIfAborted();
      for (let done = 0; done < piece.length; ) {
        done += (await handle.write(piece, done, piece.length - done, position + done)).bytesWritten;
      }
      position += piece.length;
    }
  }
  await handle.truncate(content.size);
}

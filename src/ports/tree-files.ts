/** A Tree seen through the port that facts are read by. @module */
import { ImageError } from '../base/errors.ts';
import type { Blob, Content } from '../model/content.ts';
import type { FileNode } from '../model/node.ts';
import { resolve } from '../model/resolve.ts';
import { nodeAt, type Tree } from '../model/tree.ts';
import type { Files } from './files.ts';

/** More than any file that has to be looked into as a whole; payload is streamed. */
const READ_LIMIT = 256 * 1024 * 1024;

export function treeFiles(tree: Tree): Files {
  return {
    lookup: async (path) => nodeAt(tree, path),
    list: async (path) => {
      const node = nodeAt(tree, path);
      return node?.kind === 'dir' ? node.names : undefined;
    },
    resolve: async (path, options) => resolve(tree, path, options),
    read: readFileNode,
  };
}

/** Bytes of a file's content; see {@link Files.read}. */
export async function readFileNode(file: FileNode, range?: { offset: number; size: number }): Promise<Uint8Array> {
  const total = file.content.size;
  const offset = Math.min(range?.offset ?? 0, total);
  const size = Math.min(range?.size ?? total, total - offset);
  if (size > READ_LIMIT) {
    throw new ImageError('LIMIT', `a file of ${size} bytes is too large to be read as a whole (limit ${READ_LIMIT})`);
  }
  return readContent(file.content, offset, size);
}

async function readContent(content: Content, offset: number, size: number): Promise<Uint8Array> {
  switch (content.kind) {
    case 'bytes':
      return content.bytes.subarray(offset, offset + size);
    case 'slice':
      return content.blob.read(content.offset + offset, size);
    case 'sparse':
      return readExtents(content.blob, content.extents, offset, size);
  }
}

async function readExtents(
  blob: Blob,
  extents: readonly { at: number; offset: number; size: number }[],
  offset: number,
  size: number,
): Promise<Uint8Array> {
  const out = new Uint8Array(size);
  for (const extent of extents) {
    const from = Math.max(extent.at, offset);
    const to = Math.min(extent.at + extent.size, offset + size);
    if (from >= to) continue;
    out.set(await blob.read(extent.offset + from - extent.at, to - from), from - offset);
  }
  return out;
}

/** A root directory on disk behind the files port, for comparing with programs that look at the same disk. @module */
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { FILE_META, type FileNode, type LinkToken, type NodeInfo } from '../../../src/model/node.ts';
import { resolving } from '../../../src/model/resolve.ts';
import type { Files } from '../../../src/ports/files.ts';

export function diskFiles(root: string): Files {
  const base = root.replace(/\/+$/, '');
  const tokens = new Map<string, LinkToken>();
  const tokenOf = (inode: string) => {
    const token = tokens.get(inode) ?? { link: true };
    tokens.set(inode, token);
    return token;
  };
  const paths = new WeakMap<FileNode, string>();
  const look = (path: string): NodeInfo | undefined => {
    const at = `${base}${path}`;
    const stat = lstatSync(at, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    const common = { meta: FILE_META, mtime: 0, mtimeNs: 0 };
    if (stat.isDirectory()) return { kind: 'dir', ...common };
    const link = stat.nlink > 1 ? tokenOf(`${stat.dev}:${stat.ino}`) : undefined;
    if (stat.isSymbolicLink()) return { kind: 'symlink', ...common, link, target: readlinkSync(at) };
    if (!stat.isFile()) return { kind: 'fifo', ...common, link };
    const bytes = { kind: 'slice' as const, blob: NO_BLOB, offset: 0, size: stat.size };
    const node: FileNode = { kind: 'file', ...common, link, content: bytes };
    paths.set(node, at);
    return node;
  };
  return {
    lookup: async (path) => look(path),
    list: async (path) => (look(path)?.kind === 'dir' ? readdirSync(`${base}${path}`).sort() : undefined),
    resolve: async (path, options) => {
      const steps = resolving(path, options);
      let step = steps.next();
      while (!step.done) step = steps.next(look(step.value));
      return step.value;
    },
    read: async (file, range) => readRange(paths.get(file) as string, file.content.size, range),
  };
}

const NO_BLOB = {
  id: '',
  read: () => Promise.reject(new Error('read through the port')),
  // biome-ignore lint/correctness/useYield: never read
  stream: async function* () {
    throw new Error('read through the port');
  },
};

function readRange(path: string, total: number, range: { offset: number; size: number } = { offset: 0, size: total }) {
  const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(range.size, total - range.offset)));
  const fd = openSync(path, 'r');
  try {
    readSync(fd, bytes, 0, bytes.length, range.offset);
  } finally {
    closeSync(fd);
  }
  return bytes;
}

/** Trees as flat listings, the form of the containerd fixtures. @module */
import { createHash } from 'node:crypto';
import { TreeEditor } from '../src/model/editor.ts';
import { type DirInfo, IMPLICIT_DIR, type Leaf, type Node } from '../src/model/node.ts';
import { type Tree, walk } from '../src/model/tree.ts';
import { readFileNode } from '../src/ports/tree-files.ts';
import { memoryBlob } from './bytes.ts';

export interface Listed {
  /** Relative to the root. */
  readonly path: string;
  readonly type: 'dir' | 'file' | 'symlink';
  /** Octal. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly size?: number;
  readonly sha256?: string;
  readonly linkname?: string;
  /** The first path of the same file, in order of the listing. */
  readonly sameInodeAs?: string;
}

/** The listing's content is known by its digest alone: such a file can be compared, but not read. */
export function treeOfListing(listing: readonly Listed[] | null): Tree {
  const editor = new TreeEditor();
  for (const listed of listing ?? []) editor.put(`/${listed.path}`, nodeOf(listed));
  return editor.done();
}

function nodeOf({ type, mode, uid, gid, size = 0, sha256 = '', linkname = '' }: Listed): Node {
  const common = { ...IMPLICIT_DIR, meta: { mode: Number.parseInt(mode, 8), uid, gid }, link: undefined };
  if (type === 'dir') return { ...common, kind: 'dir', names: [], nodes: [] };
  if (type === 'symlink') return { ...common, kind: 'symlink', target: linkname };
  const blob = memoryBlob(new Uint8Array(), sha256);
  return { ...common, kind: 'file', content: { kind: 'slice', blob, offset: 0, size } };
}

/** Sorted by path as the fixtures are: by component. Hard links of symbolic links are not listed, as there. */
export async function listingOfTree(tree: Tree): Promise<Listed[]> {
  const first = new Map<object, string>();
  const out: Listed[] = [];
  for (const { path, node } of walk(tree)) {
    if (path === '/') continue;
    out.push({ ...(await listed(path.slice(1), node)), ...sameInode(first, path.slice(1), node) });
  }
  return out;
}

function sameInode(first: Map<object, string>, path: string, node: Node): Pick<Listed, 'sameInodeAs'> {
  if (node.kind !== 'file' || node.link === undefined) return {};
  const found = first.get(node.link);
  if (found === undefined) first.set(node.link, path);
  return found === undefined ? {} : { sameInodeAs: found };
}

async function listed(path: string, node: Leaf | DirInfo): Promise<Listed> {
  const { mode, uid, gid } = node.meta;
  const common = { path, mode: `0${mode.toString(8)}`, uid, gid };
  if (node.kind === 'symlink') return { ...common, type: 'symlink', linkname: node.target };
  if (node.kind !== 'file') return { ...common, type: 'dir' };
  const { size } = node.content;
  const sha256 = await digestOfFile(node);
  return { ...common, type: 'file', ...(size === 0 ? {} : { size }), sha256 };
}

async function digestOfFile(node: Leaf & { kind: 'file' }): Promise<string> {
  const { content } = node;
  if (content.kind === 'slice' && /^[0-9a-f]{64}$/.test(content.blob.id)) return content.blob.id;
  return createHash('sha256')
    .update(await readFileNode(node))
    .digest('hex');
}

/** Trees and layers from short descriptions, and back. @module */
import { bytesContent } from '../src/model/content.ts';
import { TreeEditor } from '../src/model/editor.ts';
import type { LayerEntry } from '../src/model/layer/entry.ts';
import { FILE_META, IMPLICIT_DIR, type Leaf, type LinkToken, type Meta, type Node } from '../src/model/node.ts';
import { infoOf, type Tree, walk } from '../src/model/tree.ts';

const COMMON = { meta: FILE_META, mtime: 0, mtimeNs: 0, link: undefined };

export function file(text: string): Leaf {
  return { kind: 'file', ...COMMON, content: bytesContent(text) };
}

export function symlink(target: string): Leaf {
  return { kind: 'symlink', ...COMMON, target };
}

/** The lines of a description: `/path`, and behind a space an arrow and what it points to, or text. */
function* lines(description: string): Generator<{ path: string; arrow: string | undefined; rest: string }> {
  for (const line of description.split('\n')) {
    const [, path, arrow, rest = ''] = /^\s*(\/\S*)(?: (->|=>|gone|opaque))?(?: (.*))?$/.exec(line) ?? [];
    if (path !== undefined) yield { path, arrow, rest };
    else if (line.trim() !== '') throw new Error(`no entry: ${line}`);
  }
}

/** `/dir/` → `/dir`. */
function bare(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/**
 * One entry a line: `/dir/`, `/file text`, `/link -> target`, `/other => /file` (a hard link). Directories on the way are
 * made.
 */
export function treeOf(description: string): Tree {
  const editor = new TreeEditor();
  for (const { path, arrow, rest } of lines(description)) {
    if (path.endsWith('/')) editor.putDir(bare(path), IMPLICIT_DIR);
    else if (arrow === '=>') link(editor, path, rest);
    else editor.put(path, arrow === '->' ? symlink(rest) : file(rest));
  }
  return editor.done();
}

function link(editor: TreeEditor, path: string, target: string): void {
  const found = editor.get(target);
  if (found === undefined || found.kind === 'dir') throw new Error(`no file at ${target}`);
  const linked: Leaf = { ...found, link: found.link ?? { link: true } };
  editor.put(target, linked);
  editor.put(path, linked);
}

/** As {@link treeOf}, in archive order; `/path gone` is a whiteout, `/dir/ opaque` an opaque mark. */
export function entriesOf(description: string): LayerEntry[] {
  return [...lines(description)].map(({ path, arrow, rest }): LayerEntry => {
    if (arrow === 'gone') return { kind: 'whiteout', path };
    if (arrow === 'opaque') return { kind: 'opaque', path: bare(path) };
    if (path.endsWith('/')) return { kind: 'node', path: bare(path), node: IMPLICIT_DIR };
    if (arrow === '=>') return { kind: 'hardlink', path, target: rest, meta: FILE_META, mtime: 0, mtimeNs: 0 };
    return { kind: 'node', path, node: arrow === '->' ? symlink(rest) : file(rest) };
  });
}

/** The description that {@link treeOf} made the tree of: sorted, every directory named, attributes left out. */
export function describeTree(tree: Tree): string[] {
  const first = new Map<LinkToken, string>();
  return [...walk(tree)].slice(1).map(({ path, node }) => {
    const token = node.kind === 'dir' ? undefined : node.link;
    const known = token && first.get(token);
    if (token !== undefined && known === undefined) first.set(token, path);
    return known === undefined ? describeNode(path, node) : `${path} => ${known}`;
  });
}

function describeNode(path: string, node: Node): string {
  if (node.kind === 'dir') return `${path}/`;
  if (node.kind === 'symlink') return `${path} -> ${node.target}`;
  const text =
    node.kind === 'file' && node.content.kind === 'bytes' ? Buffer.from(node.content.bytes).toString() : node.kind;
  return `${path} ${text}`.trimEnd();
}

/** The lines of a description, to compare with {@link describeTree}. */
export function linesOf(description: string): string[] {
  return description
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Of capabilities(7), version 2: cap_net_bind_service. */
const CAPABILITY = Buffer.from('0100000200040000000000000000000000000000', 'hex');

/** The tree as a kernel can have it: links have the mode 0777 and lead somewhere; attributes where they may be, and valid ones. */
export function treeOfKernel(tree: Tree): Tree {
  const editor = new TreeEditor(tree);
  const made = new Map<LinkToken, Leaf>();
  for (const { path, node } of walk(tree)) {
    if (node.kind === 'dir') editor.putDir(path, { ...infoOf(node), meta: metaOfKernel(node) });
    else {
      const known = node.link && made.get(node.link);
      const leaf = known ?? leafOfKernel(node);
      if (node.link !== undefined) made.set(node.link, leaf);
      editor.put(path, leaf);
    }
  }
  return editor.done();
}

function leafOfKernel(leaf: Leaf): Leaf {
  const meta = metaOfKernel(leaf);
  if (leaf.kind !== 'symlink') return { ...leaf, meta };
  return { ...leaf, target: leaf.target || 'x', meta: { ...meta, mode: 0o777 } };
}

function metaOfKernel({ kind, meta: { mode, uid, gid, xattrs } }: Node): Meta {
  const own = [...(xattrs ?? [])].filter(([name]) => kind === 'file' || (kind === 'dir' && name.startsWith('user.')));
  if (own.length === 0) return { mode, uid, gid };
  const valid = own.map(([name, value]) => [name, name === 'security.capability' ? CAPABILITY : value] as const);
  return { mode, uid, gid, xattrs: new Map(valid) };
}

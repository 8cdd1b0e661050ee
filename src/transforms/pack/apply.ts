/** From the plan to the tree. Pure. @module */
import { ancestors, basename, dirname, joinPath } from '../../base/path.ts';
import { TreeEditor } from '../../model/editor.ts';
import { DIR_META, type DirInfo, type Meta, type NodeInfo } from '../../model/node.ts';
import { resolving } from '../../model/resolve.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import type { Plan } from './plan.ts';

export interface ApplyOptions {
  /** The image below. */
  readonly base: Tree | undefined;
  /** Metadata of directories that are only on the way, by path in the image; others are root's, 0755. */
  readonly parents: ReadonlyMap<string, DirInfo>;
  /** Seconds since the epoch, for what pare makes. */
  readonly time: number;
}

/** The tree, and the plan with the paths at which everything came to stand: no parent of them is a link. */
export interface Applied {
  readonly tree: Tree;
  readonly plan: Plan;
}

/**
 * Directories that are new get the newest time among what was put into them: their own time in the source tells of files
 * that are not in the image.
 */
export function applyPlan({ placed, made }: Plan, { base, parents, time }: ApplyOptions): Applied {
  const editor = new TreeEditor(base ?? EMPTY_TREE);
  const fresh = new Map<string, Meta>(base === undefined ? [['/', parents.get('/')?.meta ?? DIR_META]] : []);
  const enter = (path: string, meta: Meta | undefined) => {
    if (editor.get(path)?.kind === 'dir') return;
    editor.putDir(path, directory(meta ?? DIR_META, at(time)));
    fresh.set(path, meta ?? DIR_META);
  };
  const put = <E extends { readonly path: string; readonly node: NodeInfo }>(entry: E): E => {
    const path = physical(editor, entry.path);
    for (const dir of ancestors(path)) enter(dir, parents.get(dir)?.meta);
    if (entry.node.kind === 'dir') enter(path, entry.node.meta);
    else editor.put(path, entry.node);
    return { ...entry, path };
  };
  // Links first: what is to stand behind them is put where they lead.
  const links = placed.filter(({ node }) => node.kind === 'symlink').map(put);
  const others = placed.filter(({ node }) => node.kind !== 'symlink').map(put);
  const written = made.map((one) => put({ ...one, node: { ...one.node, ...at(time) } }));
  const plan = { placed: [...links, ...others].sort(byPath), made: written.sort(byPath) };
  const times = newestBelow(plan);
  for (const [path, meta] of fresh) editor.putDir(path, directory(meta, times.get(path) ?? at(time)));
  for (const { path, node } of written) {
    if (node.kind === 'dir') editor.putDir(path, directory(node.meta, times.get(path) ?? at(time)));
  }
  return { tree: editor.done(), plan };
}

/** Where a program that opens the path for writing would end: parents followed, the last name not. */
function physical(editor: TreeEditor, path: string): string {
  const steps = resolving(dirname(path));
  let step = steps.next();
  while (!step.done) step = steps.next(editor.get(step.value));
  const end = step.value;
  const parent = end.kind === 'found' ? end.path : joinPath(end.at, end.rest.join('/'));
  return path === '/' ? path : joinPath(parent, basename(path));
}

interface Time {
  readonly mtime: number;
  readonly mtimeNs: number;
}

function at(seconds: number): Time {
  return { mtime: seconds, mtimeNs: 0 };
}

function directory(meta: Meta, { mtime, mtimeNs }: Time): DirInfo {
  return { kind: 'dir', meta, mtime, mtimeNs };
}

function newestBelow({ placed, made }: Plan): Map<string, Time> {
  const newest = new Map<string, Time>();
  for (const { path, node } of [...placed, ...made]) {
    if (node.kind === 'dir') continue;
    for (const dir of ancestors(path)) {
      const known = newest.get(dir);
      if (known === undefined || isLater(node, known)) newest.set(dir, node);
    }
  }
  return newest;
}

function isLater(a: Time, b: Time): boolean {
  return a.mtime > b.mtime || (a.mtime === b.mtime && a.mtimeNs > b.mtimeNs);
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** The newest time in whole seconds among what comes from the source; 0 where nothing does. */
export function newestTime(nodes: Iterable<NodeInfo>): number {
  let newest = 0;
  for (const node of nodes) if (node.kind !== 'dir' && node.mtime > newest) newest = node.mtime;
  return newest;
}

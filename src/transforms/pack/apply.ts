/** From the plan to the tree. Pure. @module */
import { dirname } from '../../base/path.ts';
import { TreeEditor } from '../../model/editor.ts';
import { DIR_META, type DirInfo, type Meta, type NodeInfo } from '../../model/node.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import { type Plan, parentsOf } from './plan.ts';

export interface ApplyOptions {
  /** The image below. */
  readonly base: Tree | undefined;
  /** Metadata of directories that are only on the way, by path in the image; others are root's, 0755. */
  readonly parents: ReadonlyMap<string, DirInfo>;
  /** Seconds since the epoch, for what pare makes. */
  readonly time: number;
}

/**
 * Directories that are new get the newest time among what was put into them: their own time on the source tells of files
 * that are not in the image.
 */
export function applyPlan(plan: Plan, options: ApplyOptions): Tree {
  const editor = new TreeEditor(options.base ?? EMPTY_TREE);
  const times = newestBelow(plan, options.time);
  const put = (path: string, info: DirInfo | undefined) => {
    if (editor.get(path)?.kind === 'dir' && path !== '/') return;
    if (path === '/' && options.base !== undefined) return;
    editor.putDir(path, { ...directory(info?.meta ?? DIR_META), ...(times.get(path) ?? at(options.time)) });
  };
  for (const path of parentsOf(plan)) put(path, options.parents.get(path));
  for (const { path, node } of plan.placed) {
    if (node.kind === 'dir') put(path, node);
    else editor.put(path, node);
  }
  for (const { path, node } of plan.made) {
    if (node.kind === 'dir') editor.putDir(path, { ...directory(node.meta), ...(times.get(path) ?? at(options.time)) });
    else editor.put(path, { ...node, ...at(options.time) });
  }
  return editor.done();
}

interface Time {
  readonly mtime: number;
  readonly mtimeNs: number;
}

function at(seconds: number): Time {
  return { mtime: seconds, mtimeNs: 0 };
}

function directory(meta: Meta) {
  return { kind: 'dir' as const, meta };
}

function newestBelow({ placed, made }: Plan, time: number): Map<string, Time> {
  const newest = new Map<string, Time>();
  const entries = [...placed, ...made.map(({ path, node }) => ({ path, node: { ...node, ...at(time) } }))];
  for (const { path, node } of entries.filter((one) => one.node.kind !== 'dir')) {
    for (let dir = dirname(path); ; dir = dirname(dir)) {
      const known = newest.get(dir);
      if (known === undefined || isLater(node, known)) newest.set(dir, { mtime: node.mtime, mtimeNs: node.mtimeNs });
      if (dir === '/') break;
    }
  }
  return newest;
}

function isLater(a: Time, b: Time): boolean {
  return a.mtime > b.mtime || (a.mtime === b.mtime && a.mtimeNs > b.mtimeNs);
}

/** The newest time in whole seconds among what comes from the source; 0 where nothing does. */
export function newestTime(nodes: Iterable<NodeInfo>): number {
  let newest = 0;
  for (const node of nodes) if (node.kind !== 'dir' && node.mtime > newest) newest = node.mtime;
  return newest;
}

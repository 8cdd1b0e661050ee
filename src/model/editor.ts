/**
 * Building a tree: a mutable view of one that copies a directory the first time it is changed, and gives back an
 * immutable tree. Every operation that makes trees goes through this.
 * @module
 */
import { splitPath } from '../base/path.ts';
import { DIR_META, type Dir, type DirInfo, type Leaf, type Node } from './node.ts';
import { EMPTY_TREE, indexOfName, type Tree } from './tree.ts';

/** A directory under change: its children are final nodes or further drafts. */
class Draft {
  info: DirInfo;
  children: Map<string, Node | Draft>;
  /** Whether the children came in sorted order, so that sealing need not sort. */
  sorted = true;
  last = '';

  constructor(dir: DirInfo & { names?: readonly string[]; nodes?: readonly Node[] }) {
    this.info = dir;
    this.children = new Map();
    dir.names?.forEach((name, i) => {
      this.set(name, dir.nodes?.[i] as Node);
    });
  }

  set(name: string, node: Node | Draft): void {
    if (name > this.last) this.last = name;
    else if (!this.children.has(name)) this.sorted = false;
    this.children.set(name, node);
  }
}

/** Metadata for directories that nobody described: root's, 0755, at the epoch. */
const IMPLICIT: DirInfo = { kind: 'dir', meta: DIR_META, mtime: 0, mtimeNs: 0 };

export class TreeEditor {
  #root: Draft;

  constructor(base: Tree = EMPTY_TREE) {
    this.#root = new Draft(base.root);
  }

  /** What stands at exactly this path; of a directory under change, only its metadata is current. */
  get(path: string): Leaf | DirInfo | undefined {
    const found = this.#find(path);
    return found instanceof Draft ? found.info : found;
  }

  /** Names in a directory, in no particular order; undefined where there is no directory. */
  names(path: string): readonly string[] | undefined {
    const found = this.#find(path);
    if (found instanceof Draft) return [...found.children.keys()];
    return found?.kind === 'dir' ? (found as Dir).names : undefined;
  }

  /**
   * Puts a leaf or a whole directory there, in place of whatever was. Missing parents are made; a parent that is no
   * directory is replaced by one.
   * @param parent metadata of parents that have to be made
   */
  put(path: string, node: Node, parent: DirInfo = IMPLICIT): void {
    if (path === '/') {
      if (node.kind !== 'dir') throw new Error(`bug: the root of a tree cannot be a ${node.kind}`);
      this.#root = new Draft(node);
      return;
    }
    const names = splitPath(path);
    const last = names.pop() as string;
    this.#open(names, parent).set(last, node);
  }

  /** Sets a directory's metadata, keeping what is in it; makes it (in place of a leaf) if need be. */
  putDir(path: string, info: DirInfo, parent: DirInfo = IMPLICIT): void {
    if (path !== '/') this.#open(splitPath(path).slice(0, -1), parent);
    this.#open(splitPath(path), info).info = info;
  }

  /** Removes the entry and all below it; says whether there was one. The root's children go, the root stays. */
  remove(path: string): boolean {
    if (path === '/') {
      const had = this.#root.children.size > 0;
      this.#root = new Draft(this.#root.info);
      return had;
    }
    if (this.#find(path) === undefined) return false;
    const names = splitPath(path);
    const last = names.pop() as string;
    return this.#open(names, IMPLICIT).children.delete(last);
  }

  /** The tree as it stands. The editor can go on being used. */
  done(): Tree {
    return { root: seal(this.#root) };
  }

  #find(path: string): Node | Draft | undefined {
    let at: Node | Draft | undefined = this.#root;
    for (const name of splitPath(path)) {
      if (at instanceof Draft) at = at.children.get(name);
      else if (at?.kind === 'dir') {
        const index = indexOfName(at.names, name);
        at = index < 0 ? undefined : at.nodes[index];
      } else return undefined;
    }
    return at;
  }

  #open(names: readonly string[], missing: DirInfo): Draft {
    let at = this.#root;
    for (const name of names) {
      const child = at.children.get(name);
      if (child instanceof Draft) {
        at = child;
        continue;
      }
      const draft = new Draft(child?.kind === 'dir' ? child : missing);
      at.set(name, draft);
      at = draft;
    }
    return at;
  }
}

function seal(draft: Draft): Dir {
  const names = [...draft.children.keys()];
  if (!draft.sorted) names.sort((a, b) => (a < b ? -1 : 1));
  const nodes = names.map((name) => {
    const child = draft.children.get(name) as Node | Draft;
    return child instanceof Draft ? seal(child) : child;
  });
  const { meta, mtime, mtimeNs } = draft.info;
  return { kind: 'dir', meta, mtime, mtimeNs, names, nodes };
}

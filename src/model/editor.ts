/**
 * Building a tree: a mutable view of one that notes what is changed, and gives back an immutable tree that shares with the
 * first all directories that were not touched. Every operation that makes trees by path goes through this.
 * @module
 */
import { present } from '../base/assert.ts';
import { nameInterner } from '../base/names.ts';
import { basename, dirname, splitPath } from '../base/path.ts';
import { type Recursion, runRecursion } from '../base/recursion.ts';
import { childOf, sortedKeys, withChildren } from './children.ts';
import { type Dir, type DirInfo, IMPLICIT_DIR, type Node, type NodeInfo } from './node.ts';
import { EMPTY_DIR, EMPTY_TREE, type Tree } from './tree.ts';

/** A directory under change. */
interface Draft {
  readonly kind: 'draft';
  info: DirInfo;
  /** What was in it before. */
  readonly base: Dir;
  /** What is in it in place of that, by name; undefined: nothing any more. */
  readonly changed: Map<string, Node | Draft | undefined>;
}

export class TreeEditor {
  #root: Draft;
  #name = nameInterner();

  constructor(base: Tree = EMPTY_TREE) {
    this.#root = draftOf(base.root);
  }

  /** What stands at exactly this path; of a directory, only its metadata. */
  get(path: string): NodeInfo | undefined {
    const found = this.#find(path);
    return found?.kind === 'draft' ? found.info : found;
  }

  /** Names in a directory, sorted by code unit; undefined where there is no directory. */
  names(path: string): readonly string[] | undefined {
    const found = this.#find(path);
    if (found?.kind === 'dir') return found.names;
    if (found?.kind !== 'draft') return undefined;
    const kept = found.base.names.filter((name) => !found.changed.has(name));
    const changed = [...found.changed.keys()].filter((name) => found.changed.get(name) !== undefined);
    return [...kept, ...changed].sort();
  }

  /**
   * Puts a leaf or a whole directory there, in place of whatever was. Missing parents are made; a parent that is no
   * directory is replaced by one.
   * @param parent metadata of parents that have to be made
   */
  put(path: string, node: Node, parent: DirInfo = IMPLICIT_DIR): void {
    if (path !== '/') this.#set(this.#open(dirname(path), parent), basename(path), node);
    else if (node.kind === 'dir') this.#root = draftOf(node);
    else throw new Error(`bug: the root of a tree cannot be a ${node.kind}`);
  }

  /** Sets a directory's metadata, keeping what is in it; makes it (in place of a leaf) if need be. */
  putDir(path: string, info: DirInfo, parent: DirInfo = IMPLICIT_DIR): void {
    if (path !== '/') this.#open(dirname(path), parent);
    this.#open(path, info).info = info;
  }

  /** Removes the entry and all below it; says whether there was one. The root's children go, the root stays. */
  remove(path: string): boolean {
    if (path === '/') {
      const had = present(this.names('/'), 'root directory').length > 0;
      this.#root = { ...draftOf(EMPTY_DIR), info: this.#root.info };
      return had;
    }
    if (this.#find(path) === undefined) return false;
    this.#set(this.#open(dirname(path), IMPLICIT_DIR), basename(path), undefined);
    return true;
  }

  /** The tree as it stands. The editor can go on being used. */
  done(): Tree {
    return { root: runRecursion(seal(this.#root)) };
  }

  #set(draft: Draft, name: string, node: Node | Draft | undefined): void {
    draft.changed.set(this.#name(name), node);
  }

  #find(path: string): Node | Draft | undefined {
    let at: Node | Draft | undefined = this.#root;
    for (const name of splitPath(path)) at = at === undefined ? undefined : childIn(at, name);
    return at;
  }

  #open(path: string, missing: DirInfo): Draft {
    let at = this.#root;
    for (const name of splitPath(path)) {
      const child = childIn(at, name);
      const draft: Draft =
        child?.kind === 'draft'
          ? child
          : child?.kind === 'dir'
            ? draftOf(child)
            : { ...draftOf(EMPTY_DIR), info: missing };
      if (draft !== child) this.#set(at, name, draft);
      at = draft;
    }
    return at;
  }
}

function draftOf(dir: Dir): Draft {
  return { kind: 'draft', info: dir, base: dir, changed: new Map() };
}

function childIn(at: Node | Draft, name: string): Node | Draft | undefined {
  if (at.kind === 'dir') return childOf(at, name);
  if (at.kind !== 'draft') return undefined;
  return at.changed.has(name) ? at.changed.get(name) : childOf(at.base, name);
}

function* seal(draft: Draft): Recursion<Dir> {
  if (draft.changed.size === 0 && draft.info === draft.base) return draft.base;
  const names = sortedKeys(draft.changed);
  const nodes = new Array<Node | undefined>(names.length);
  for (let i = 0; i < names.length; i++) {
    const child = draft.changed.get(names[i] as string);
    nodes[i] = child?.kind === 'draft' ? yield seal(child) : child;
  }
  return withChildren(draft.base, draft.info, names, nodes);
}

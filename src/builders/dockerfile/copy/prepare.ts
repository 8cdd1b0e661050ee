/** What is copied, as it is to be at its new place: chosen, with its new owner and permissions, an inode of its own. @module */
import { type Recursion, runRecursion } from '../../../base/recursion.ts';
import type { Dir, Leaf, LinkToken, Meta, Node } from '../../../model/node.ts';
import { metaInterner, withLink } from '../../../model/node.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface Preparation {
  /** Absent: every entry keeps its owner. */
  readonly owner?: Owner | undefined;
  /** New permission bits from old ones; not asked for links. */
  readonly mode?: ((mode: number, isDirectory: boolean) => number) | undefined;
  /** Whether a path below the source is wanted; a directory comes with what is wanted in it in any case. */
  readonly wants?: ((path: string, isDirectory: boolean) => boolean) | undefined;
  /** Of directories that come for what is in them: they are made anew. Seconds since the epoch. */
  readonly time: number;
}

export interface Prepared {
  readonly node: Node;
  /** Directories that come for what is in them only, with the permissions they had at the source. */
  readonly passed: ReadonlyMap<Dir, number>;
}

/** One source's entries. Hard links within it stay links of each other, and are none of what they were copied from. */
export function prepare(source: Node, preparation: Preparation): Prepared {
  const links = new Map<LinkToken, LinkToken>();
  const passed = new Map<Dir, number>();
  const metaOf = metaChanger(preparation);
  const { wants, time } = preparation;

  const leafOf = (leaf: Leaf): Leaf => {
    const link = leaf.link === undefined ? undefined : (links.get(leaf.link) ?? { link: true });
    if (leaf.link !== undefined && link !== undefined) links.set(leaf.link, link);
    const meta = metaOf(leaf.meta, leaf.kind);
    return withLink(meta === leaf.meta ? leaf : { ...leaf, meta }, link);
  };

  function* dirOf(dir: Dir, prefix: string, wanted: boolean): Recursion<Dir> {
    const names: string[] = [];
    const nodes: Node[] = [];
    for (let i = 0; i < dir.names.length; i++) {
      const name = dir.names[i] as string;
      const node = dir.nodes[i] as Node;
      const path = prefix + name;
      const isWanted = wants === undefined || wants(path, node.kind === 'dir');
      if (!isWanted && node.kind !== 'dir') continue;
      const made = node.kind === 'dir' ? yield dirOf(node, `${path}/`, isWanted) : leafOf(node);
      if (!isWanted && made.kind === 'dir' && made.names.length === 0) continue;
      names.push(name);
      nodes.push(made);
    }
    const { mtime, mtimeNs } = wanted ? dir : { mtime: time, mtimeNs: 0 };
    const made: Dir = { kind: 'dir', meta: metaOf(dir.meta, 'dir'), mtime, mtimeNs, names, nodes };
    if (!wanted) passed.set(made, dir.meta.mode);
    return made;
  }

  return { node: source.kind === 'dir' ? runRecursion(dirOf(source, '', true)) : leafOf(source), passed };
}

function metaChanger({ owner, mode }: Preparation): (meta: Meta, kind: Node['kind']) => Meta {
  if (owner === undefined && mode === undefined) return (meta) => meta;
  const intern = metaInterner();
  return (meta, kind) => {
    const bits = mode === undefined || kind === 'symlink' ? meta.mode : mode(meta.mode, kind === 'dir');
    return intern({ ...meta, ...owner, mode: bits });
  };
}

/**
 * A base image with a source behind it, seen as one root filesystem: what the base has is the base's, everything else comes
 * from the source, at the path at which programs of the base would find it. The closure over it says what has to be added.
 *
 * The two may lay out `/lib` and `/bin` differently (links into `/usr`, or directories of their own): a path that the source
 * has only behind its own links, or only in front of the base's, is found all the same.
 * @module
 */
import { basename, dirname, isWithin, joinPath } from '../../base/path.ts';
import type { NodeInfo } from '../../model/node.ts';
import { resolve, resolving } from '../../model/resolve.ts';
import { nodeAt, type Tree } from '../../model/tree.ts';
import type { Files } from '../../ports/files.ts';

export interface Overlay {
  readonly files: Files;
  /** Path in the source of what came from there; undefined for what is the base's. */
  originOf(path: string): string | undefined;
}

/** @param preferred physical paths that are taken from the source even where the base has them */
export function overlayFiles(base: Tree, source: Files, preferred: ReadonlySet<string>): Overlay {
  const origins = new Map<string, string>();
  const aliases = linkedDirectories(base);

  const fromSource = async (path: string): Promise<NodeInfo | undefined> => {
    for (const candidate of [path, ...aliases.flatMap((alias) => behind(path, alias))]) {
      const parent = await source.resolve(dirname(candidate));
      if (parent.kind === 'missing') continue;
      const origin = candidate === '/' ? '/' : joinPath(parent.path, basename(candidate));
      const node = await source.lookup(origin);
      if (node === undefined) continue;
      origins.set(path, origin);
      return node;
    }
    return undefined;
  };
  const lookup = async (path: string): Promise<NodeInfo | undefined> => {
    const below = nodeAt(base, path);
    if (below !== undefined && !preferred.has(path)) return below;
    return (await fromSource(path)) ?? below;
  };
  const files: Files = {
    lookup,
    list: async (path) => {
      const below = nodeAt(base, path);
      const names = below?.kind === 'dir' ? below.names : [];
      const origin = (await fromSource(path))?.kind === 'dir' ? origins.get(path) : undefined;
      const more = origin === undefined ? [] : ((await source.list(origin)) ?? []);
      if (below?.kind !== 'dir' && origin === undefined) return undefined;
      return [...new Set([...names, ...more])].sort();
    },
    resolve: async (path, options) => {
      const steps = resolving(path, options);
      let step = steps.next();
      while (!step.done) step = steps.next(await lookup(step.value));
      return step.value;
    },
    read: source.read,
  };
  return {
    files,
    originOf: (path) => (nodeAt(base, path) === undefined || preferred.has(path) ? origins.get(path) : undefined),
  };
}

interface Alias {
  readonly link: string;
  readonly target: string;
}

/** Links at the base's top level that lead to directories: `/lib` → `/usr/lib`. */
function linkedDirectories(base: Tree): Alias[] {
  return base.root.names.flatMap((name) => {
    const path = `/${name}`;
    if (nodeAt(base, path)?.kind !== 'symlink') return [];
    const end = resolve(base, path);
    return end.kind === 'found' && end.node.kind === 'dir' ? [{ link: path, target: end.path }] : [];
  });
}

function behind(path: string, { link, target }: Alias): string[] {
  return isWithin(path, target) ? [joinPath(link, `.${path.slice(target.length)}`)] : [];
}

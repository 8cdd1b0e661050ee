/** Walking a directory of the source: leaves, empty directories, and what links in it lead to. @module */
import { isWithin, joinPath } from '../../base/path.ts';
import type { NodeInfo } from '../../model/node.ts';
import type { Files } from '../../ports/files.ts';

export interface Found {
  readonly path: string;
  readonly node: NodeInfo;
}

/**
 * Everything below a directory in the order of names, and the targets of links wherever they lie, each once. A link to a
 * directory that holds the walked one is kept as a link only: following it would walk the whole source.
 * @param top physical path of a directory
 * @param include asked for physical paths of leaves; with it, empty directories are left out
 */
export async function* walkTree(files: Files, top: string, include?: (path: string) => boolean): AsyncGenerator<Found> {
  const seen = new Set<string>([top]);
  const todo: string[] = [top];
  for (let dir = todo.pop(); dir !== undefined; dir = todo.pop()) {
    const { leaves, directories } = await lookInto(files, dir, top, include);
    yield* leaves;
    for (const path of directories.reverse()) {
      if (!seen.has(path)) todo.push(path);
      seen.add(path);
    }
  }
}

interface Look {
  readonly leaves: readonly Found[];
  /** Directories in it, and those that links in it lead to. */
  readonly directories: string[];
}

async function lookInto(
  files: Files,
  dir: string,
  top: string,
  include: ((path: string) => boolean) | undefined,
): Promise<Look> {
  const names = (await files.list(dir)) ?? [];
  const leaves: Found[] = [];
  const directories: string[] = [];
  if (names.length === 0 && include === undefined) {
    const info = await files.lookup(dir);
    if (info !== undefined) leaves.push({ path: dir, node: info });
  }
  for (const name of names) {
    const path = joinPath(dir, name);
    const node = await files.lookup(path);
    if (node?.kind === 'dir') directories.push(path);
    else if (node !== undefined && (include?.(path) ?? true)) {
      leaves.push({ path, node });
      if (node.kind === 'symlink') leaves.push(...(await behindLink(files, path, top, directories)));
    }
  }
  return { leaves, directories };
}

/** The rest of the links and the file at the end; a directory goes on the list of those to be walked. */
async function behindLink(files: Files, path: string, top: string, directories: string[]): Promise<Found[]> {
  const end = await files.resolve(path);
  const links = end.hops.slice(1).map((hop) => ({ path: hop.path, node: hop.node }));
  if (end.kind === 'missing') return links;
  if (end.node.kind !== 'dir') return [...links, { path: end.path, node: end.node }];
  if (!isWithin(top, end.path)) directories.push(end.path);
  return links;
}

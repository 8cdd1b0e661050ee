/**
 * Merged /usr: on such a root `/lib` is a link to `usr/lib`, and a database may list a file by either spelling
 * (https://wiki.debian.org/UsrMerge).
 * @module
 */
import { cleanPath } from '../../base/path.ts';
import type { Files } from '../../ports/files.ts';

/** Gives the spellings of a path under which a database may list it: the path itself first. */
export type Spellings = (path: string) => readonly string[];

/** Looks at the root's links once. */
export async function usrMergeSpellings(files: Files): Promise<Spellings> {
  const merged = new Set<string>();
  for (const name of (await files.list('/')) ?? []) {
    const node = await files.lookup(`/${name}`);
    if (node?.kind === 'symlink' && cleanPath(`/${node.target}`) === `/usr/${name}`) merged.add(name);
  }
  return (path) => {
    const [, first, second] = path.split('/', 3);
    if (first !== undefined && merged.has(first)) return [path, `/usr${path}`];
    if (first === 'usr' && second !== undefined && merged.has(second)) return [path, path.slice('/usr'.length)];
    return [path];
  };
}

/** From `--add PATH[:DEST]` to the paths it means. @module */
import { ImageError } from '../../base/errors.ts';
import { compileGlob, isGlob } from '../../base/glob.ts';
import { basename, cleanPath, joinPath } from '../../base/path.ts';
import type { Files } from '../../ports/files.ts';
import type { Addition } from './types.ts';

/** One path of the source that is added by name, and where it goes. */
export interface Added {
  /** As written, without its wildcards filled in. */
  readonly wish: string;
  readonly path: string;
  readonly to: string | undefined;
}

/** `PATH[:DEST]`; a colon that belongs to the path is written `\:`. */
export function parseAddition(text: string): Addition {
  const cut = text.search(/(?<!\\):/);
  const plain = (part: string) => part.replaceAll('\\:', ':');
  const from = plain(cut < 0 ? text : text.slice(0, cut));
  const to = cut < 0 ? undefined : plain(text.slice(cut + 1));
  if (from === '' || to === '') {
    throw new ImageError('USAGE', `"${text}" names nothing to add`, { hint: 'write --add PATH or --add PATH:DEST' });
  }
  return { from, to };
}

/** @throws ImageError NOT_FOUND where nothing in the source matches */
export async function expandAdditions(files: Files, additions: readonly Addition[]): Promise<Added[]> {
  const added: Added[] = [];
  for (const { from, to } of additions) {
    const paths = await matches(files, from);
    const intoDirectory = to !== undefined && (to.endsWith('/') || paths.length > 1);
    for (const path of paths) {
      const target = intoDirectory ? joinPath(cleanPath(`/${to}`), basename(path)) : to && cleanPath(`/${to}`);
      added.push({ wish: from, path, to: target === path ? undefined : target });
    }
  }
  return added;
}

async function matches(files: Files, from: string): Promise<string[]> {
  const path = cleanPath(`/${from}`);
  const end = await files.resolve(path);
  const isHere = (await files.resolve(path, { follow: false })).kind === 'found';
  if (isHere && end.kind === 'found' && end.node.kind === 'dir' && (await files.list(end.path)) === undefined) {
    throw new ImageError('DENIED', `--add ${from}: the directory cannot be listed`, {
      hint: 'run pare as a user who may read it',
    });
  }
  if (isHere) return [path];
  if (!isGlob(from)) {
    throw new ImageError('NOT_FOUND', `--add ${from}: there is no such file in the source`, { hint: 'check the path' });
  }
  const found = await expandGlob(files, from);
  if (found.length > 0) return found;
  throw new ImageError('NOT_FOUND', `--add ${from}: the pattern matches nothing in the source`);
}

/**
 * Paths that match, in order; walks only directories that the names before the first wildcard lead to. Links to directories
 * are walked through where the pattern says how deep it goes, and not behind `**`.
 */
async function expandGlob(files: Files, pattern: string): Promise<string[]> {
  const full = pattern.startsWith('/') ? pattern : `/${pattern}`;
  const names = full.split('/').slice(1);
  const fixed = names.findIndex(isGlob);
  const isBounded = !names.some((name) => /(?:^|[{,])\*\*(?:$|[,}])/.test(name));
  const search: Search = {
    files,
    test: compileGlob(full),
    depth: isBounded ? names.length : Number.POSITIVE_INFINITY,
    found: [],
  };
  await collect(
    search,
    names
      .slice(0, fixed)
      .map((name) => `/${name}`)
      .join(''),
    fixed + 1,
  );
  return search.found;
}

interface Search {
  readonly files: Files;
  readonly test: (path: string) => boolean;
  /** Names that a path has at most: braces may make it fewer. */
  readonly depth: number;
  readonly found: string[];
}

/** @param level number of names that paths in this directory have */
async function collect(search: Search, dir: string, level: number): Promise<void> {
  const { files, test, depth, found } = search;
  const end = await files.resolve(dir === '' ? '/' : dir);
  if (end.kind === 'missing' || end.node.kind !== 'dir') return;
  for (const name of (await files.list(end.path)) ?? []) {
    const path = `${dir}/${name}`;
    const kind = (await files.lookup(joinPath(end.path, name)))?.kind;
    if (test(path)) found.push(path);
    else if (level < depth && (kind === 'dir' || (kind === 'symlink' && Number.isFinite(depth)))) {
      await collect(search, path, level + 1);
    }
  }
}

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
  if ((await files.resolve(path, { follow: false })).kind === 'found') return [path];
  const found = isGlob(from) ? await expandGlob(files, from) : [];
  if (found.length > 0) return found;
  throw new ImageError('NOT_FOUND', `--add ${from}: there is no such file in the source`, {
    hint: isGlob(from)
      ? 'quote the pattern, so that it is matched in the source and not by your shell'
      : 'check the path',
  });
}

/** Paths that match, in order; walks only directories that the names before the first wildcard lead to. */
async function expandGlob(files: Files, pattern: string): Promise<string[]> {
  const full = pattern.startsWith('/') ? pattern : `/${pattern}`;
  const test = compileGlob(full);
  const names = full.split('/').slice(1);
  const fixed = names.findIndex(isGlob);
  const depth = names.some((name) => name.includes('**') || /[{}]/.test(name))
    ? Number.POSITIVE_INFINITY
    : names.length;
  const top = `/${names.slice(0, fixed).join('/')}`;
  const out: string[] = [];
  await collect(files, top === '/' ? '' : top, fixed + 1, depth, test, out);
  return out;
}

async function collect(
  files: Files,
  dir: string,
  level: number,
  depth: number,
  test: (path: string) => boolean,
  out: string[],
): Promise<void> {
  const end = await files.resolve(dir === '' ? '/' : dir);
  if (end.kind === 'missing' || end.node.kind !== 'dir') return;
  for (const name of (await files.list(end.path)) ?? []) {
    const path = `${dir}/${name}`;
    if (test(path)) out.push(path);
    else if (level < depth && (await files.lookup(joinPath(end.path, name)))?.kind !== 'file') {
      await collect(files, path, level + 1, depth, test, out);
    }
  }
}

/**
 * Sources of COPY and ADD with wildcards: Go's filepath.Match for each name of the path, as BuildKit resolves them: `**` is
 * nothing but a star, and what stands before the first wildcard is taken as it is written, backslashes too. No link is followed
 * behind that, since nobody named it.
 * @module
 */
import { ImageError } from '../../../base/errors.ts';
import { splitPath } from '../../../base/path.ts';
import type { Dir, Node } from '../../../model/node.ts';
import { resolve } from '../../../model/resolve.ts';
import { nodeAt, type Tree } from '../../../model/tree.ts';

/** Whether a path is more than a name: `*`, `?` or `[` without a backslash before it. */
export function hasWildcards(path: string): boolean {
  return /^(?:[^\\*?[]|\\.)*[*?[]/s.test(path);
}

/** The path of the directory, or of the only file, that all of a source lies in. @param path clean and absolute */
export function pathBeforeWildcards(path: string): string {
  const names = splitPath(path);
  const first = names.findIndex(hasWildcards);
  return `/${names.slice(0, first < 0 ? names.length : first).join('/')}`;
}

/**
 * The paths that a source means, in the order of a walk: itself where it has no wildcard, whether or not something stands
 * there; none where nothing matches.
 * @param path clean and absolute
 * @throws ImageError USAGE for a pattern that is broken, NOT_FOUND where the directory before the first wildcard is missing
 */
export function matchingPaths(tree: Tree, path: string): readonly string[] {
  const names = splitPath(path);
  const first = names.findIndex(hasWildcards);
  if (first < 0) return [path];
  const start = pathBeforeWildcards(path);
  const found = resolve(tree, start);
  const dir = found.kind === 'found' ? nodeAt(tree, found.path) : undefined;
  if (dir === undefined || found.kind !== 'found') {
    throw new ImageError('NOT_FOUND', `"${start}" is not there, so nothing matches "${path}"`);
  }
  const tests = names.slice(first).map(compileName);
  const out: string[] = [];
  if (dir.kind === 'dir') collect(dir, found.path === '/' ? '/' : `${found.path}/`, tests, out);
  return out;
}

/** @param path clean and absolute @throws ImageError USAGE for a pattern that is broken */
export function assertPattern(path: string): void {
  const names = splitPath(path);
  const first = names.findIndex(hasWildcards);
  if (first >= 0) for (const name of names.slice(first)) compileName(name);
}

type NameTest = (name: string) => boolean;

/** A directory that matches stands for all that is in it. */
function collect(dir: Dir, prefix: string, [test, ...rest]: readonly NameTest[], out: string[]): void {
  if (test === undefined) return;
  dir.names.forEach((name, i) => {
    if (!test(name)) return;
    const node = dir.nodes[i] as Node;
    if (rest.length === 0) out.push(prefix + name);
    else if (node.kind === 'dir') collect(node, `${prefix}${name}/`, rest, out);
  });
}

/** @throws ImageError USAGE */
export function compileName(pattern: string): (name: string) => boolean {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] as string;
    if (char === '*') source += source.endsWith('.*') ? '' : '.*';
    else if (char === '?') source += '.';
    else if (char === '[') {
      const end = closing(pattern, at);
      source += classOf(pattern.slice(at + 1, end));
      at = end;
    } else if (char === '\\' && at + 1 < pattern.length) source += quoted(pattern[++at] as string);
    else source += quoted(char);
  }
  const test = new RegExp(`^${source}$`, 'su');
  return (name) => test.test(name);
}

/** Where the class that opens at `open` ends: `]` that comes first closes nothing in Go either, since a class needs a member. */
function closing(pattern: string, open: number): number {
  const first = pattern[open + 1] === '^' ? open + 2 : open + 1;
  for (let at = first; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === ']' && at > first) return at;
  }
  throw new ImageError('USAGE', `the pattern "${pattern}" has a [ that is not closed`, {
    hint: 'to mean the character itself, write [[] or \\[',
  });
}

/** A range that ends before it begins holds nothing. */
function classOf(body: string): string {
  const negated = body.startsWith('^');
  let members = '';
  for (const [, first = '', last] of (negated ? body.slice(1) : body).matchAll(/(\\.|.)(?:-(\\.|.))?/gsu)) {
    const [from, to] = [first, last ?? first].map((one) =>
      one.length > 1 && one.startsWith('\\') ? one.slice(1) : one,
    );
    if (from === undefined || to === undefined || codeOf(from) > codeOf(to)) continue;
    members += from === to ? quotedInClass(from) : `${quotedInClass(from)}-${quotedInClass(to)}`;
  }
  return `[${negated ? '^' : ''}${members}]`;
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function quoted(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}

function quotedInClass(char: string): string {
  return /[\\^$.*+?()[\]{}|/-]/.test(char) ? `\\${char}` : char;
}

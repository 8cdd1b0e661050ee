/** Which of the files that a package ships its program speaks of, and how clearly. Pure. @module */
import { basename, dirname } from '../../base/path.ts';
import type { Mentions, NamePattern } from './mentions.ts';

/**
 * How a program speaks of a file, the clearer first:
 * - `path`: by its whole path;
 * - `name`: by its path below a directory that it names;
 * - `word`: it makes such a name from a pattern, and what the pattern leaves open is a word of its own;
 * - `glob`: it reads whatever fits a wildcard;
 * - `pattern`: it makes such a name from a pattern and something that comes from elsewhere;
 * - `directory`: it names a directory above it, no more.
 */
export type Clarity = 'path' | 'name' | 'word' | 'glob' | 'pattern' | 'directory';

export interface Match {
  readonly path: string;
  readonly clarity: Clarity;
  /** The text that speaks of it: a path, a name, a pattern, or the directory. */
  readonly text: string;
  /** The directory that is named; the file's own where it is not. */
  readonly directory: string;
}

/** Directories that belong to everybody: naming one says nothing. */
const COMMON = new Set(
  [
    'share',
    'lib',
    'lib64',
    'libexec',
    'local',
    'bin',
    'sbin',
    'local/lib',
    'local/share',
    'local/etc',
    'share/misc',
  ].flatMap((name) => [`/usr/${name}`, `/${name}`]),
);

export function matchShipped(paths: readonly string[], mentions: Mentions): Match[] {
  const roots = namedDirectories(paths, mentions);
  const found: Match[] = [];
  for (const path of paths) {
    const match = byPath(path, mentions) ?? belowDirectory(path, roots, mentions);
    if (match !== undefined) found.push(match);
  }
  return found;
}

function byPath(path: string, { paths, endsWith }: Mentions): Match | undefined {
  const directory = dirname(path);
  if (paths.has(path)) return { path, clarity: 'path', text: path, directory };
  // `/usr/share/misc/magic` stands for magic.mgc too: file names are made from a base name and an extension.
  const base = path.replace(/\.\w{1,5}$/, '');
  if (base !== path && paths.has(base)) return { path, clarity: 'path', text: base, directory };
  return endsWith(path) ? { path, clarity: 'path', text: path, directory } : undefined;
}

/** Directories above the shipped files which the strings name: as an absolute path, or as one below /usr. */
function namedDirectories(paths: readonly string[], mentions: Mentions): ReadonlySet<string> {
  const all = new Set<string>();
  for (const path of paths) {
    for (let dir = dirname(path); dir !== '/' && !all.has(dir); dir = dirname(dir)) all.add(dir);
  }
  const named = [...all].filter((dir) => {
    if (COMMON.has(dir) || dir.split('/').length < 3) return false;
    return mentions.paths.has(dir) || mentions.names.has(dir.replace(/^\/usr\//, ''));
  });
  return new Set(named);
}

function belowDirectory(path: string, roots: ReadonlySet<string>, mentions: Mentions): Match | undefined {
  const above: string[] = [];
  for (let dir = dirname(path); dir !== '/'; dir = dirname(dir)) if (roots.has(dir)) above.push(dir);
  for (const directory of above) {
    // The name may be one below a directory for the version: /usr/share/NAME/9.0/FILE.
    const relative = path.slice(directory.length + 1);
    const inner = relative.slice(relative.indexOf('/') + 1);
    const match =
      relativeMatch(relative, mentions) ?? (/[./]/.test(inner) ? relativeMatch(inner, mentions) : undefined);
    if (match !== undefined) return { path, directory, ...match };
  }
  const [directory] = above;
  return directory === undefined ? undefined : { path, clarity: 'directory', text: directory, directory };
}

/**
 * What a program may call a file below a directory: its relative path; and, as there may be a directory for the version
 * (/usr/share/NAME/9.0/FILE), that without its first part, unless it is a mere word then.
 */
export function nameBelow(path: string, directory: string): string[] {
  const relative = path.slice(directory.length + 1);
  const inner = relative.slice(relative.indexOf('/') + 1);
  return inner !== relative && /[./]/.test(inner) ? [relative, inner] : [relative];
}

function relativeMatch(relative: string, mentions: Mentions): Pick<Match, 'clarity' | 'text'> | undefined {
  if (mentions.names.has(relative)) return { clarity: 'name', text: relative };
  if (/[./]/.test(relative.slice(1)) && mentions.endsWith(relative)) return { clarity: 'name', text: relative };
  let loose: NamePattern | undefined;
  for (const pattern of mentions.patterns) {
    const variables = pattern.text.includes('/') ? pattern.variables(relative) : undefined;
    if (variables === undefined) continue;
    if (pattern.glob) return { clarity: 'glob', text: pattern.text };
    if (variables.every((word) => mentions.names.has(word))) return { clarity: 'word', text: pattern.text };
    loose ??= pattern;
  }
  return loose === undefined ? undefined : { clarity: 'pattern', text: loose.text };
}

/**
 * For helper programs, what the strings say of their name alone: `remote-%s` makes the last part of `git-remote-http`, whose
 * first part the program puts before it.
 */
export function helperMention(path: string, mentions: Mentions): string | undefined {
  const name = basename(path);
  if (mentions.names.has(name)) return name;
  const tails = [name, ...[...name.matchAll(/[-_.]/g)].map(({ index }) => name.slice(index + 1))];
  const fits = ({ glob, variables }: NamePattern) => !glob && tails.some((tail) => variables(tail) !== undefined);
  return mentions.patterns.find(fits)?.text;
}

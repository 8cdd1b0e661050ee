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
  /** Physical path, as the database's spelling of it may not be. */
  readonly path: string;
  /** The path by which the program opens it. */
  readonly as: string;
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

/**
 * @param paths physical
 * @param physical what a path is physically, as far as the links of a merged /usr go
 */
export function matchShipped(
  paths: readonly string[],
  mentions: Mentions,
  physical: (path: string) => string,
): Match[] {
  const named = new Map([...mentions.paths].map((path) => [physical(path), path]));
  const roots = namedDirectories(paths, named, mentions);
  const found: Match[] = [];
  for (const path of paths) {
    const match = byPath(path, named, mentions) ?? belowDirectory(path, roots, mentions);
    if (match !== undefined) found.push(match);
  }
  return found;
}

/** Physical path → as it is named. */
type Named = ReadonlyMap<string, string>;

function byPath(path: string, named: Named, { endsWith }: Mentions): Match | undefined {
  const directory = dirname(path);
  const text = named.get(path);
  if (text !== undefined) return { path, as: text, clarity: 'path', text, directory };
  // `/usr/share/misc/magic` stands for magic.mgc too: file names are made from a base name and an extension.
  const extension = /\.\w{1,5}$/.exec(path)?.[0];
  const base = extension === undefined ? undefined : named.get(path.slice(0, -extension.length));
  if (base !== undefined) return { path, as: `${base}${extension}`, clarity: 'path', text: base, directory };
  return endsWith(path) ? { path, as: path, clarity: 'path', text: path, directory } : undefined;
}

/** Directories above the shipped files which the strings name: as an absolute path, or as one below /usr. */
function namedDirectories(paths: readonly string[], named: Named, { names }: Mentions): Named {
  const roots = new Map<string, string>();
  const seen = new Set<string>();
  for (const path of paths) {
    for (let dir = dirname(path); dir !== '/' && !seen.has(dir); dir = dirname(dir)) {
      seen.add(dir);
      const as = named.get(dir) ?? (names.has(dir.replace(/^\/usr\//, '')) ? dir : undefined);
      if (as !== undefined && !COMMON.has(dir) && dir.split('/').length > 2) roots.set(dir, as);
    }
  }
  return roots;
}

function belowDirectory(path: string, roots: Named, mentions: Mentions): Match | undefined {
  const above: string[] = [];
  for (let dir = dirname(path); dir !== '/'; dir = dirname(dir)) if (roots.has(dir)) above.push(dir);
  const asBelow = (directory: string) => `${roots.get(directory)}${path.slice(directory.length)}`;
  for (const directory of above) {
    for (const name of nameBelow(path, directory)) {
      const match = relativeMatch(name, mentions);
      if (match !== undefined) return { path, as: asBelow(directory), directory, ...match };
    }
  }
  const [directory] = above;
  if (directory === undefined) return undefined;
  return { path, as: asBelow(directory), clarity: 'directory', text: roots.get(directory) ?? directory, directory };
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

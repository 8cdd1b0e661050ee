/**
 * What the strings of a program say about files: whole paths, paths below a directory given elsewhere, names, and the
 * patterns from which names are made at run time (`remote-%s`, `plugin/*.vim`).
 * @module
 */
import { cleanPath } from '../../base/path.ts';

/** Text longer than this is prose or code: no list of paths. */
const LONGEST = 4096;
/** Matching takes time that grows with the name's length to this power. */
const MOST_VARIABLES = 2;
/** Linkers share the tails of strings, so that a short one may stand at the end of any other. */
const SHORTEST_TAIL = 4;

export interface Mentions {
  /** Absolute paths, clean. */
  readonly paths: ReadonlySet<string>;
  /** Relative paths with a slash and names, as they stand, a leading variable (`$DIR/`, `%s/`) dropped. */
  readonly names: ReadonlySet<string>;
  /** Patterns with a `%s` or a wildcard, a leading variable dropped. */
  readonly patterns: readonly NamePattern[];
  /** Whether some string ends in this text of at least four characters. */
  endsWith(tail: string): boolean;
}

/** A pattern for the last names of a path, from a printf format or a glob. */
export interface NamePattern {
  readonly text: string;
  /** Whether its variable part is a wildcard: then everything it matches is read; else only what somebody asks for by name. */
  readonly glob: boolean;
  /** The variable parts of a name that fits, or undefined where it does not. */
  variables(name: string): readonly string[] | undefined;
}

/** Asked again about the same program in the source and in the image made of it. */
const known = new WeakMap<readonly string[], Mentions>();

export function readMentions(strings: readonly string[]): Mentions {
  const mentions = known.get(strings) ?? allMentions(strings);
  known.set(strings, mentions);
  return mentions;
}

function allMentions(strings: readonly string[]): Mentions {
  const paths = new Set<string>();
  const names = new Set<string>();
  const patterns = new Map<string, NamePattern>();
  for (const text of strings) {
    if (text.length > LONGEST) continue;
    for (const token of tokensOf(text)) {
      if (!NOT_PLAIN.test(token)) {
        if (token.length <= LONGEST_NAME) names.add(token);
      } else if (token.startsWith('/') && !/[%*$]/.test(token)) paths.add(cleanPath(token));
      else takeRelative(token, names, patterns);
    }
  }
  return { paths, names, patterns: [...patterns.values()], endsWith: lazyTailTest(strings) };
}

/** Most words are plain: neither paths nor patterns. */
const NOT_PLAIN = /[/%*$~]/;
const LONGEST_NAME = 200;

const LEADING_VARIABLE = /^(?:\$\{?\w+\}?|%s|\.)\/+/;

function takeRelative(token: string, names: Set<string>, patterns: Map<string, NamePattern>): void {
  const name = token.replace(LEADING_VARIABLE, '');
  if (name === '' || name.startsWith('/') || name.startsWith('~') || name.length > LONGEST_NAME) return;
  if (!/[%*]/.test(name)) names.add(name.replace(/\/+$/, ''));
  else {
    const pattern = patternOf(name);
    if (pattern !== undefined) patterns.set(name, pattern);
  }
}

const SEPARATED = /[\s"'`,;:=()<>|\\]/;

/** Whole strings, and the words in them: a path may stand in a message, in a list or behind an option. */
function tokensOf(text: string): string[] {
  if (!SEPARATED.test(text)) return [text];
  const words = text.split(/[\s"'`,;:=()<>|\\]+/).filter((word) => word !== '');
  return /\s/.test(text) && !/[:"'=]/.test(text) ? [...words, text] : words;
}

/** printf(3) conversions that can stand for a name or a number. */
const CONVERSION = /%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|z|j|t)?[sdiuxXc]/;
const PIECE = new RegExp(`(${CONVERSION.source}|\\*\\*/|\\*+)`);

/** Undefined where too little of it is fixed: `%s.so` says nothing, nor does `char*`. */
function patternOf(text: string): NamePattern | undefined {
  const pieces = text.split(PIECE);
  if (pieces.length > 2 * MOST_VARIABLES + 1) return undefined;
  const fixed = pieces.filter((_, i) => i % 2 === 0);
  const letters = fixed.join(' ').replace(/\.\w+$/, '');
  const glob = !CONVERSION.test(text);
  if (!/[A-Za-z]{3}/.test(letters) || fixed.some((piece) => /[%*]/.test(piece))) return undefined;
  if (!(glob ? /[./]/ : /[-_./]/).test(letters)) return undefined;
  const literal = fixed.reduce((longest, piece) => (piece.length > longest.length ? piece : longest));
  const source = pieces.map((piece, i) => (i % 2 === 0 ? escaped(piece) : variable(piece)));
  const expression = new RegExp(`^${source.join('')}$`);
  return { text, glob, variables: (name) => (name.includes(literal) ? expression.exec(name)?.slice(1) : undefined) };
}

function variable(piece: string): string {
  return piece === '**/' ? '((?:[^/]+/)*)' : '([^/]+)';
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function lazyTailTest(strings: readonly string[]): Mentions['endsWith'] {
  let test: Mentions['endsWith'] | undefined;
  return (tail) => {
    test ??= tailTest(strings);
    return test(tail);
  };
}

function tailTest(strings: readonly string[]): (tail: string) => boolean {
  const byEnd = new Map<string, string[]>();
  for (const text of strings) {
    const end = text.slice(-SHORTEST_TAIL);
    const same = byEnd.get(end);
    if (same === undefined) byEnd.set(end, [text]);
    else same.push(text);
  }
  return (tail) =>
    tail.length >= SHORTEST_TAIL &&
    (byEnd.get(tail.slice(-SHORTEST_TAIL))?.some((text) => text.endsWith(tail)) ?? false);
}

/**
 * Paths and names that the text of a data file holds, and by Vim script's names of autoloaded functions, `a#b#name()`, the
 * files that define them.
 */
export function namesInText(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const line of text.split('\n')) {
    if (line.length > LONGEST) continue;
    for (const token of tokensOf(line)) names.add(token.replace(LEADING_VARIABLE, ''));
  }
  for (const [, name] of text.matchAll(/(?<![\w#])([A-Za-z]\w*(?:#\w+)*)#\w+/g)) {
    names.add(`autoload/${name?.replaceAll('#', '/')}.vim`);
  }
  return names;
}

/**
 * Glob patterns over paths inside a root: `*` and `?` within one name, `**` as a whole name for any number of names,
 * `[a-z]`, `[!a-z]`, `{one,two}`; a backslash takes the next character as it is. A name that begins with a dot is matched by
 * wildcards too: a root filesystem hides nothing. Matching takes time in proportion to pattern × path at most.
 * @module
 */
import { ImageError } from './errors.ts';

/** Whether the text has any wildcard, so that it is more than a path. */
export function isGlob(text: string): boolean {
  return /[*?[{\\]/.test(text);
}

/**
 * A test for whole paths. A pattern without a slash is matched against the last name alone, as in .gitignore.
 * @throws ImageError USAGE where brackets or braces are not closed, LIMIT where braces stand for too many patterns
 */
export function compileGlob(pattern: string): (path: string) => boolean {
  const full = pattern.includes('/') ? pattern.replace(/^\//, '') : `**/${pattern}`;
  const plain = expandBraces(full, pattern);
  const tests = plain.map((one) => one.split('/').map((name) => (name === '**' ? 'any' : tokensOf(name, pattern))));
  return (path) => {
    const names = path.replace(/^\//, '').split('/');
    return tests.some((test) => matchesPath(test, names));
  };
}

/** One name of a pattern; `any` stands for any number of names. */
type NamePattern = readonly Token[] | 'any';

type Token =
  | { readonly kind: 'star' }
  | { readonly kind: 'one' }
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'set'; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

const MOST_PATTERNS = 1000;

/** `a{b,c{d,e}}` → `ab`, `acd`, `ace`. */
function expandBraces(glob: string, shown: string): string[] {
  const open = indexOutside(glob, '{', 0);
  if (open < 0) return [glob];
  const parts: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let at = open; at < glob.length; at++) {
    const char = glob[at];
    if (char === '\\') at++;
    else if (char === '{') depth++;
    else if ((char === ',' && depth === 1) || (char === '}' && --depth === 0)) {
      parts.push(glob.slice(start, at));
      start = at + 1;
      if (char === '}') return joined(glob.slice(0, open), parts, glob.slice(start), shown);
    }
  }
  throw unclosed(shown, '{');
}

function joined(before: string, parts: readonly string[], behind: string, shown: string): string[] {
  const out = parts.flatMap((part) => expandBraces(`${before}${part}${behind}`, shown));
  if (out.length <= MOST_PATTERNS) return out;
  throw new ImageError('LIMIT', `the pattern "${shown}" stands for more than ${MOST_PATTERNS} patterns`);
}

/** Where the character stands without a backslash before it and outside of brackets. */
function indexOutside(glob: string, wanted: string, from: number): number {
  for (let at = from; at < glob.length; at++) {
    if (glob[at] === wanted) return at;
    if (glob[at] === '\\') at++;
    else if (glob[at] === '[') at = Math.max(at, closing(glob, at));
  }
  return -1;
}

/** Where the bracket that opens here closes; a `]` that comes first is one of the set. Negative where it does not. */
function closing(glob: string, open: number): number {
  const first = glob[open + 1] === '!' || glob[open + 1] === '^' ? open + 2 : open + 1;
  return glob.indexOf(']', first + 1);
}

function tokensOf(name: string, shown: string): Token[] {
  const tokens: Token[] = [];
  const chars = [...name];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] as string;
    if (char === '*') {
      if (tokens.at(-1)?.kind !== 'star') tokens.push({ kind: 'star' });
    } else if (char === '?') tokens.push({ kind: 'one' });
    else if (char === '[') {
      const first = chars[at + 1] === '!' || chars[at + 1] === '^' ? at + 2 : at + 1;
      const end = chars.indexOf(']', first + 1);
      if (end < 0) throw unclosed(shown, '[');
      tokens.push({ kind: 'set', negated: first === at + 2, ranges: rangesOf(chars.slice(first, end)) });
      at = end;
    } else if (char === '\\' && at + 1 < chars.length) tokens.push({ kind: 'char', char: chars[++at] as string });
    else tokens.push({ kind: 'char', char });
  }
  return tokens;
}

function rangesOf(chars: readonly string[]): (readonly [string, string])[] {
  const ranges: (readonly [string, string])[] = [];
  for (let i = 0; i < chars.length; i++) {
    const [first, dash, last] = chars.slice(i, i + 3) as [string, string?, string?];
    const isRange = dash === '-' && last !== undefined;
    ranges.push([first, isRange ? last : first]);
    if (isRange) i += 2;
  }
  return ranges;
}

/** Which prefixes of the path each prefix of the pattern matches, one name of the pattern after the other. */
function matchesPath(pattern: readonly NamePattern[], names: readonly string[]): boolean {
  let reached = [true, ...names.map(() => false)];
  pattern.forEach((name, i) => {
    const last = i === pattern.length - 1;
    reached = name === 'any' ? spread(reached, last) : step(reached, (at) => matchesName(name, names[at] as string));
  });
  return reached[names.length] === true;
}

/** `**` in the middle may be nothing; at the end it is at least one name, so that `/dir/**` is what is below the directory. */
function spread(reached: readonly boolean[], last: boolean): boolean[] {
  const first = reached.indexOf(true);
  return reached.map((_, at) => first >= 0 && (last ? at > first : at >= first));
}

function step(reached: readonly boolean[], matches: (at: number) => boolean): boolean[] {
  return reached.map((_, at) => at > 0 && reached[at - 1] === true && matches(at - 1));
}

function matchesName(tokens: readonly Token[], name: string): boolean {
  const chars = [...name];
  let reached = [true, ...chars.map(() => false)];
  for (const token of tokens) {
    if (token.kind === 'star') {
      const first = reached.indexOf(true);
      reached = reached.map((_, at) => first >= 0 && at >= first);
    } else reached = step(reached, (at) => matchesChar(token, chars[at] as string));
  }
  return reached[chars.length] === true;
}

function matchesChar(token: Exclude<Token, { kind: 'star' }>, char: string): boolean {
  switch (token.kind) {
    case 'one':
      return true;
    case 'char':
      return token.char === char;
    case 'set': {
      const code = char.codePointAt(0) ?? 0;
      const inside = token.ranges.some(([a, b]) => (a.codePointAt(0) ?? 0) <= code && code <= (b.codePointAt(0) ?? 0));
      return inside !== token.negated;
    }
  }
}

function unclosed(pattern: string, what: string): ImageError {
  return new ImageError('USAGE', `the pattern "${pattern}" has a ${what} that is not closed`, {
    hint: `to mean the character itself, write \\${what}`,
  });
}

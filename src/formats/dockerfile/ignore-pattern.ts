/** One pattern of .dockerignore: Go's filepath.Match, and `**` for any number of names, as moby/patternmatcher reads it. @module */
import { ImageError } from '../../base/errors.ts';

export type PatternToken =
  | { readonly kind: 'char'; readonly char: string }
  /** `?`: one character of a name. */
  | { readonly kind: 'one' }
  /** `*`: any characters of a name. */
  | { readonly kind: 'star' }
  /** `**` before more: nothing, or anything up to a slash. */
  | { readonly kind: 'names' }
  /** `**` at the end: anything. */
  | { readonly kind: 'all' }
  | { readonly kind: 'set'; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

/** How it is matched: most patterns need no more than a comparison. `text` stands without its `**`. */
export type Pattern =
  | { readonly kind: 'exact' | 'prefix' | 'suffix'; readonly text: string }
  | { readonly kind: 'tokens'; readonly tokens: readonly PatternToken[] };

/** @param pattern cleaned, without `!` @throws ImageError INVALID */
export function compilePattern(pattern: string): Pattern {
  checkPattern(pattern);
  const { tokens, isPlain } = tokensOf(pattern);
  if (isPlain) return { kind: 'exact', text: pattern };
  const wild = tokens.filter(({ kind }) => kind !== 'char');
  const [only] = wild;
  if (wild.length === 1 && !pattern.includes('\\')) {
    if (tokens[0] === only && (only?.kind === 'all' || only?.kind === 'names'))
      return { kind: 'suffix', text: pattern.slice(2) };
    if (only?.kind === 'all') return { kind: 'prefix', text: pattern.slice(0, -2) };
  }
  return { kind: 'tokens', tokens };
}

/** Whether the path or a directory above it matches, in time in proportion to pattern × path at most. */
export function matchesPathOrParent(pattern: Pattern, path: string): boolean {
  switch (pattern.kind) {
    case 'exact':
      return `${path}/`.startsWith(`${pattern.text}/`);
    case 'prefix':
      return path.startsWith(pattern.text);
    case 'suffix':
      // `**/name` is `name` at the top, too.
      return `${path}/`.includes(`${pattern.text}/`) || `/${path}/`.startsWith(`${pattern.text}/`);
    case 'tokens': {
      const chars = [...path];
      const reached = reachedBy(pattern.tokens, chars);
      return reached.some((here, at) => here === 1 && (at === chars.length || chars[at] === '/'));
    }
  }
}

function tokensOf(pattern: string): { tokens: PatternToken[]; isPlain: boolean } {
  const tokens: PatternToken[] = [];
  const chars = [...pattern];
  let isPlain = true;
  for (let at = 0; at < chars.length; at++) {
    const { token, end } = tokenAt(chars, at);
    isPlain &&= token.kind === 'char' && end === at;
    tokens.push(token);
    at = end;
  }
  return { tokens, isPlain };
}

/** The token that begins there, and where its last character is. */
function tokenAt(chars: readonly string[], at: number): { token: PatternToken; end: number } {
  const char = chars[at] ?? '';
  switch (char) {
    case '*': {
      if (chars[at + 1] !== '*') return { token: { kind: 'star' }, end: at };
      const end = at + (chars[at + 2] === '/' ? 2 : 1);
      return { token: { kind: end + 1 >= chars.length ? 'all' : 'names' }, end };
    }
    case '?':
      return { token: { kind: 'one' }, end: at };
    case '[':
      return setAt(chars, at);
    case '\\':
      return { token: { kind: 'char', char: chars[at + 1] ?? '' }, end: at + 1 };
    default:
      return { token: { kind: 'char', char }, end: at };
  }
}

function setAt(chars: readonly string[], open: number): { token: PatternToken; end: number } {
  const negated = chars[open + 1] === '^';
  const ranges: (readonly [string, string])[] = [];
  let at = open + (negated ? 2 : 1);
  const next = (): string => {
    if (chars[at] === '\\') at++;
    return chars[at++] ?? '';
  };
  while (at < chars.length && (chars[at] !== ']' || ranges.length === 0)) {
    const first = next();
    const isRange = chars[at] === '-';
    if (isRange) at++;
    ranges.push([first, isRange ? next() : first]);
  }
  return { token: { kind: 'set', negated, ranges }, end: at };
}

/** What filepath.Match refuses. */
function checkPattern(pattern: string): void {
  const set = /\[\^?(?:(?:\\.|[^\]\\-])(?:-(?:\\.|[^\]\\-]))?)+\]/suy;
  for (let at = 0; at < pattern.length; ) {
    if (pattern[at] === '[') {
      set.lastIndex = at;
      if (!set.test(pattern)) throw invalid(pattern, 'the brackets do not fit', 'to mean [ itself, write \\[');
      at = set.lastIndex;
    } else if (pattern[at] === '\\') {
      if (at + 1 === pattern.length) throw invalid(pattern, 'the \\ at its end escapes nothing');
      at += 2;
    } else at++;
  }
}

/** Which beginnings of the path the tokens match: 1 at the end of each. */
function reachedBy(tokens: readonly PatternToken[], chars: readonly string[]): Uint8Array {
  let reached = new Uint8Array(chars.length + 1);
  reached[0] = 1;
  for (const token of tokens) {
    const { kind } = token;
    const before = reached;
    if (kind === 'star' || kind === 'names' || kind === 'all') reached = spread(kind, before, chars);
    else
      reached = before.map((_, at) =>
        at > 0 && before[at - 1] === 1 && matchesChar(token, chars[at - 1] ?? '') ? 1 : 0,
      );
  }
  return reached;
}

function spread(
  kind: 'star' | 'names' | 'all',
  reached: Uint8Array<ArrayBuffer>,
  chars: readonly string[],
): Uint8Array<ArrayBuffer> {
  let open = false;
  return reached.map((here, at) => {
    const behindSlash = chars[at - 1] === '/';
    if (kind === 'star' && behindSlash) open = false;
    const enters = open && (kind !== 'names' || behindSlash);
    open ||= here === 1;
    return here === 1 || enters ? 1 : 0;
  });
}

function matchesChar(token: Exclude<PatternToken, { kind: 'star' | 'names' | 'all' }>, char: string): boolean {
  if (token.kind === 'char') return token.char === char;
  if (token.kind === 'one') return char !== '/';
  const code = char.codePointAt(0) ?? 0;
  const inside = token.ranges.some(([a, b]) => (a.codePointAt(0) ?? 0) <= code && code <= (b.codePointAt(0) ?? 0));
  return inside !== token.negated;
}

function invalid(pattern: string, problem: string, hint?: string): ImageError {
  return new ImageError('INVALID', `the pattern "${pattern}" is wrong: ${problem}`, hint === undefined ? {} : { hint });
}

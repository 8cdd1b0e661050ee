/** Patterns of `${x#…}`, `${x%…}` and `${x/…/…}`: `*`, `?` and characters; newlines are characters as any other. @module */
import { ImageError } from '../../base/errors.ts';

/** `star` and `one` are wildcards; any other token is the character itself. */
type Token = { readonly wild: 'star' | 'one' } | string;

/** Characters that may still be compared: so that patterns made to take long are refused. */
export interface Steps {
  left: number;
}

/** What is left of the text without the shortest or longest beginning that matches. */
export function trimStart(text: string, pattern: string, longest: boolean, steps: Steps): string {
  const chars = charsOf(text, steps);
  const end = matchAt(chars, 0, segmentsOf(tokensOf(pattern)), longest, steps);
  return end === undefined ? text : chars.slice(end).join('');
}

/** What is left of the text without the shortest or longest end that matches. */
export function trimEnd(text: string, pattern: string, longest: boolean, steps: Steps): string {
  const chars = charsOf(text, steps).reverse();
  const end = matchAt(chars, 0, segmentsOf(tokensOf(pattern).reverse()), longest, steps);
  return end === undefined ? text : chars.slice(end).reverse().join('');
}

/** The text with the first or every longest match replaced. */
export function replaceMatches(text: string, pattern: string, replacement: string, all: boolean, steps: Steps): string {
  const chars = charsOf(text, steps);
  const segments = segmentsOf(tokensOf(pattern));
  const out: string[] = [];
  let from = 0;
  let previousEnd = -1;
  for (let at = 0; at <= chars.length; ) {
    const end = matchAt(chars, at, segments, true, steps);
    // What a star looked for in vain is not further on either.
    if (end === undefined && segments.length > 1 && !couldStart(chars, at, segments, steps)) break;
    if (end === undefined || (end === at && at === previousEnd)) {
      at++;
      continue;
    }
    out.push(chars.slice(from, at).join(''), replacement);
    previousEnd = end;
    from = end;
    at = end === at ? at + 1 : end;
    if (!all) break;
  }
  return out.join('') + chars.slice(from).join('');
}

function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = [];
  const chars = [...pattern];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? '';
    const next = chars[at + 1];
    if (char === '*') tokens.push({ wild: 'star' });
    else if (char === '?') tokens.push({ wild: 'one' });
    else if (char !== '\\') tokens.push(char);
    else if (next === '}' || next === '/') continue;
    else if (next === '*' || next === '?' || next === '\\') tokens.push(chars[++at] ?? '');
    else throw new ImageError('INVALID', `the pattern "${pattern}" has the unknown escape "\\${next ?? ''}"`);
  }
  return tokens;
}

/** The tokens between the stars. */
function segmentsOf(tokens: readonly Token[]): Token[][] {
  const segments: Token[][] = [[]];
  for (const token of tokens) {
    if (typeof token === 'object' && token.wild === 'star') segments.push([]);
    else segments.at(-1)?.push(token);
  }
  return segments;
}

/** Where the match that begins at `from` ends. */
function matchAt(
  chars: readonly string[],
  from: number,
  segments: readonly (readonly Token[])[],
  longest: boolean,
  steps: Steps,
): number | undefined {
  const [first = [], ...others] = segments;
  if (!isAt(chars, from, first, steps)) return undefined;
  let at = from + first.length;
  for (const [i, segment] of others.entries()) {
    const found =
      longest && i === others.length - 1 ? findLast(chars, at, segment, steps) : find(chars, at, segment, steps);
    if (found === undefined) return undefined;
    at = found + segment.length;
  }
  return at;
}

/** Whether the segments behind the first star are still to be found somewhere. */
function couldStart(
  chars: readonly string[],
  from: number,
  segments: readonly (readonly Token[])[],
  steps: Steps,
): boolean {
  return matchAt(chars, from, [[], ...segments.slice(1)], false, steps) !== undefined;
}

function find(chars: readonly string[], from: number, segment: readonly Token[], steps: Steps): number | undefined {
  for (let at = from; at + segment.length <= chars.length; at++) if (isAt(chars, at, segment, steps)) return at;
  return undefined;
}

function findLast(chars: readonly string[], from: number, segment: readonly Token[], steps: Steps): number | undefined {
  for (let at = chars.length - segment.length; at >= from; at--) if (isAt(chars, at, segment, steps)) return at;
  return undefined;
}

function isAt(chars: readonly string[], at: number, segment: readonly Token[], steps: Steps): boolean {
  if (at + segment.length > chars.length) return false;
  for (const [i, token] of segment.entries()) {
    spend(steps, 1);
    if (typeof token === 'string' && token !== chars[at + i]) return false;
  }
  return true;
}

function charsOf(text: string, steps: Steps): string[] {
  spend(steps, text.length);
  return [...text];
}

function spend(steps: Steps, count: number): void {
  steps.left -= count;
  if (steps.left < 0) throw new ImageError('LIMIT', 'patterns of this length on texts of this length are refused');
}

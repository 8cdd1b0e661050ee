/**
 * Glob patterns over paths inside a root: `*` and `?` within one name, `**` over any number of names, `[a-z]`, `[!a-z]`,
 * `{one,two}`; a backslash takes the next character as it is. As in glob(7), a name that begins with a dot is matched by
 * wildcards too: a root filesystem hides nothing.
 * @module
 */
import { ImageError } from './errors.ts';

/** Whether the text has any wildcard, so that it is more than a path. */
export function isGlob(text: string): boolean {
  return /[*?[{\\]/.test(text);
}

/**
 * A test for whole paths. A pattern without a slash is matched against the last name alone, as in .gitignore.
 * @throws ImageError USAGE where brackets or braces are not closed
 */
export function compileGlob(pattern: string): (path: string) => boolean {
  const anchored = pattern.includes('/');
  const full = anchored ? (pattern.startsWith('/') ? pattern : `/${pattern}`) : `/**/${pattern}`;
  const expression = new RegExp(`^${translate(full, pattern)}$`, 's');
  return (path) => expression.test(path);
}

function translate(glob: string, shown: string): string {
  let out = '';
  let depth = 0;
  for (let at = 0; at < glob.length; ) {
    const [expression, length] = piece(glob, at, shown, depth > 0);
    out += expression;
    if (expression === '(?:') depth++;
    if (expression === ')') depth--;
    at += length;
  }
  if (depth > 0) throw unclosed(shown, '{');
  return out;
}

/** The expression for what stands at this place of the pattern, and how many characters it is for. */
function piece(glob: string, at: number, shown: string, inBraces: boolean): [expression: string, length: number] {
  const char = glob[at] as string;
  if (glob.startsWith('/**/', at)) return ['(?:/[^/]+)*/', 4];
  if (char === '/' && glob.slice(at) === '/**') return ['(?:/[^/]+)+', 3];
  if (char === '*') return ['[^/]*', 1];
  if (char === '?') return ['[^/]', 1];
  if (char === '{') return ['(?:', 1];
  if (char === '}' && inBraces) return [')', 1];
  if (char === ',' && inBraces) return ['|', 1];
  if (char === '[') {
    const end = closing(glob, at, shown);
    return [bracket(glob.slice(at + 1, end)), end + 1 - at];
  }
  const escaped = char === '\\' && at + 1 < glob.length;
  return escaped ? [literal(glob[at + 1] as string), 2] : [literal(char), 1];
}

function literal(char: string): string {
  return /[\w/]/.test(char) ? char : `\\${char}`;
}

function closing(glob: string, at: number, shown: string): number {
  const first = glob[at + 1] === '!' || glob[at + 1] === '^' ? at + 2 : at + 1;
  const end = glob.indexOf(']', first + 1);
  if (end < 0) throw unclosed(shown, '[');
  return end;
}

function bracket(inside: string): string {
  const negated = inside[0] === '!' || inside[0] === '^';
  const set = (negated ? inside.slice(1) : inside).replace(/[\\\][^]/g, '\\$&');
  return `(?!/)[${negated ? '^' : ''}${set}]`;
}

function unclosed(pattern: string, what: string): ImageError {
  return new ImageError('USAGE', `the pattern "${pattern}" has a ${what} that is not closed`, {
    hint: `to mean the character itself, write \\${what}`,
  });
}

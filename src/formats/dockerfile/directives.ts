/** Parser directives: `# syntax=…`, `# escape=…`, `# check=…` above everything else. @module */
import { located, refusal, type SourceFile, wordOf } from './source.ts';
import { didYouMean } from './suggest.ts';
import type { CheckDirective, Directives, Escape, Word } from './types.ts';

/**
 * The directives, and how many lines they take. The first line that is none ends them: a comment, a blank line, an unknown
 * directive. A `#!` line may stand above.
 */
export function readDirectives(file: Omit<SourceFile, 'escape'>): { directives: Directives; lines: number } {
  const found = new Map<string, Word>();
  const hasShebang = file.lines[0]?.startsWith('#!') === true;
  let at = hasShebang ? 1 : 0;
  for (; at < file.lines.length; at++) {
    const line = file.lines[at] ?? '';
    const match = /^(\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*)(\S(?:.*\S)?)\s*$/.exec(line);
    const name = match?.[2]?.toLowerCase() ?? '';
    if (match === null || !['syntax', 'escape', 'check'].includes(name)) break;
    const start = match[1]?.length ?? 0;
    const value = wordOf(located(line, { line: at + 1, column: 1 }), start, start + (match[3]?.length ?? 0));
    if (found.has(name)) throw refusal(file, value.range, `the directive ${name} stands here a second time`);
    found.set(name, value);
  }
  // With a #! line the parser of Docker sees neither escape nor a comment that could not be one.
  const escapeWord = hasShebang ? undefined : found.get('escape');
  const check = found.get('check');
  return {
    directives: {
      syntax: firstWord(found.get('syntax')),
      escape: escapeWord === undefined ? '\\' : readEscape(file, escapeWord),
      check: check === undefined ? undefined : readCheck(file, check),
    },
    lines: at,
  };
}

function firstWord(word: Word | undefined): Word | undefined {
  if (word === undefined) return undefined;
  const text = word.text.split(' ', 1)[0] ?? '';
  const { start } = word.range;
  return { text, range: { start, end: { line: start.line, column: start.column + text.length } } };
}

function readEscape(file: Omit<SourceFile, 'escape'>, { text, range }: Word): Escape {
  if (text === '\\' || text === '`') return text;
  throw refusal(file, range, `the escape character must be \\ or \`, not ${text}`);
}

function readCheck(file: Omit<SourceFile, 'escape'>, { text, range }: Word): CheckDirective {
  let check: CheckDirective = { skip: [], error: false, experimental: [] };
  for (const option of text.split(';')) {
    const at = option.indexOf('=');
    const [key, value] = [option.slice(0, Math.max(0, at)).trim(), option.slice(at + 1).trim()];
    if (key === 'skip' || key === 'experimental') check = { ...check, [key]: names(value) };
    else if (key === 'error') check = { ...check, error: readBoolean(file, value, range) };
    else {
      const hint = didYouMean(key, ['skip', 'error', 'experimental']) ?? 'it takes skip=, error= and experimental=';
      throw refusal(file, range, `the directive check has no option "${option.trim()}"`, hint);
    }
  }
  return check;
}

/** The value of the directive, given elsewhere. @param name what it is called in messages @throws ImageError INVALID */
export function parseCheck(text: string, name: string): CheckDirective {
  const line = located(text, { line: 1, column: 1 });
  return readCheck({ name, lines: [text] }, wordOf(line, 0, text.length));
}

function names(list: string): readonly string[] | 'all' {
  return list === 'all' ? 'all' : list.split(',').map((name) => name.trim());
}

function readBoolean(file: Omit<SourceFile, 'escape'>, text: string, range: Word['range']): boolean {
  const value = parseBoolean(text);
  if (value !== undefined) return value;
  throw refusal(file, range, `"${text}" is neither true nor false`);
}

/** Go's strconv.ParseBool; undefined for anything else. */
export function parseBoolean(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
}

/**
 * Whether `# syntax=` names Docker's own frontend, in any version and on any registry that mirrors it: the language that is read here. Its image is never fetched.
 * @param image without a tag is the newest one
 */
export function isDockerFrontend(image: string): boolean {
  return /^(?:(?:localhost|[\w-]+(?:\.[\w-]+)+)(?::\d+)?\/)?docker\/dockerfile(?:-upstream)?(?::[\w.-]+)?(?:@[a-z0-9]+:[a-f0-9]+)?$/.test(
    image,
  );
}

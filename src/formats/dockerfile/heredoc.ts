/** Heredocs of RUN, COPY and ADD: where an instruction names them, and what their contents become. @module */
import { assert } from '../../base/assert.ts';
import { ImageError } from '../../base/errors.ts';
import { expandWords } from './expand.ts';
import { type Located, rangeOf } from './source.ts';
import type { Heredoc, Range, RunInstruction } from './types.ts';

/** `<<NAME` in an instruction, whose content has not been read yet. */
export interface HeredocStart {
  readonly name: string;
  readonly expand: boolean;
  readonly chomp: boolean;
  readonly range: Range;
  /** `<< NAME`: could be the shell's own arithmetic, too. */
  readonly spaced: boolean;
}

/** The content as it is used: without leading tabs where `<<-` was written. */
export function heredocContent({ content, chomp }: Heredoc): string {
  return chomp ? content.replace(/^\t+/gm, '') : content;
}

/** All heredocs an instruction names, in order. Quoted text is none, and nor is `<<` inside a word. */
export function findHeredocs(line: Located): HeredocStart[] {
  const found: HeredocStart[] = [];
  if (!line.text.includes('<<')) return found;
  const words = rawWords(line.text);
  let from = 0;
  for (let i = 0; i < words.length; i++) {
    let word = words[i] ?? '';
    const spaced = isHeredocOperator(word) && i + 1 < words.length;
    if (spaced) word += ` ${words[++i]}`;
    const heredoc = word.includes('<<') ? readHeredocWord(word) : undefined;
    if (heredoc === undefined) continue;
    const range = rangeOfWord(line, word, from);
    from = range === undefined ? from : range.end;
    found.push({
      ...heredoc,
      spaced,
      range: range === undefined ? rangeOf(line) : rangeOf(line, range.start, range.end),
    });
  }
  return found;
}

/** Where the word stands; undefined if it is not written there as it is meant, with strange escapes for instance. */
function rangeOfWord({ text }: Located, word: string, from: number): { start: number; end: number } | undefined {
  const [operator = '', name = ''] = word.split(' ', 2);
  const start = text.indexOf(operator, from);
  const end = name === '' ? start + operator.length : text.indexOf(name, start + operator.length) + name.length;
  return start < 0 || end < start + word.length ? undefined : { start, end };
}

/** `<<` or `<<-` alone, whose name follows after a space. */
export function isHeredocOperator(word: string): boolean {
  return /^\d*<<-?$/.test(word);
}

/** `<<NAME`, `<<-NAME`, `<<'NAME'`, `4<<NAME`, `<< NAME`; undefined for anything else. */
export function readHeredocWord(word: string): Pick<HeredocStart, 'name' | 'expand' | 'chomp'> | undefined {
  const [, dash = '', rest = ''] = /^\d*<<(-?)\s*([^<\s][^<]*)$/.exec(word) ?? [];
  if (rest === '') return undefined;
  const [name, another] = splitOrNothing(rest, 'remove');
  const [raw] = splitOrNothing(rest, 'keep');
  if (name === undefined || another !== undefined || raw === undefined) return undefined;
  return { name, expand: quotesIn(name) === quotesIn(raw), chomp: dash === '-' };
}

function quotesIn(text: string): number {
  return text.match(/['"]/g)?.length ?? 0;
}

function rawWords(line: string): string[] {
  return splitOrNothing(line, 'keep', true);
}

/** A line whose quotes are not closed names no heredoc: the shell will say what is wrong with it. */
function splitOrNothing(text: string, quotes: 'keep' | 'remove', keepEscapes = false): string[] {
  try {
    return expandWords(text, () => undefined, { quotes, keepEscapes, keepUnset: true });
  } catch (error) {
    if (error instanceof ImageError) return [];
    throw error;
  }
}

/**
 * What the shell of a RUN in shell form is given. One heredoc and nothing else is the script itself; of any other use the shell
 * makes what it likes.
 */
export function runScript({ command, heredocs }: Pick<RunInstruction, 'command' | 'heredocs'>): string {
  assert(command.form === 'shell', 'a RUN in exec form has no script');
  const script = command.script.text;
  const [only, another] = heredocs;
  if (only === undefined) return script;
  if (another === undefined && /^\d*<<-?\s*\S+$/.test(script) && readHeredocWord(script) !== undefined)
    return heredocContent(only);
  return script + heredocs.map(({ content, name }) => `\n${content}${name}`).join('');
}

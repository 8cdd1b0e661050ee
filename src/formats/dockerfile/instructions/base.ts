/** What all instructions are made of. @module */
import { rangeOf, refusal, type SourceFile } from '../source.ts';
import type { Arguments, Statement } from '../statement.ts';
import type { Command, Range, Word } from '../types.ts';

interface Common {
  readonly keyword: Word;
  readonly range: Range;
  readonly source: string;
  readonly comments: readonly string[];
}

export function commonOf({ keyword, line, comments, heredocs }: Statement): Common {
  const range = rangeOf(line);
  const last = heredocs.at(-1);
  // The line that ends a heredoc is part of the instruction.
  const end = last === undefined ? range.end : { line: last.contentRange.end.line, column: last.name.length + 1 };
  return { keyword, range: { start: range.start, end }, source: line.text, comments };
}

/** The whole rest of the instruction. @throws ImageError INVALID where there is none */
export function textArgument(file: SourceFile, statement: Statement): Word {
  const given = statement.arguments;
  if (given.shape === 'text' && given.text.text !== '') return given.text;
  throw missing(file, statement, 'exactly one argument');
}

/** @throws ImageError INVALID where there are none */
export function wordArguments(file: SourceFile, statement: Statement): readonly Word[] {
  const given = statement.arguments;
  if (given.shape === 'words' && given.words.length > 0) return given.words;
  throw missing(file, statement, 'at least one argument');
}

export function commandOf(given: Arguments): Command {
  if (given.shape === 'words') return { form: 'exec', args: given.words };
  if (given.shape === 'text') return { form: 'shell', script: given.text };
  throw new Error(`bug: a command in the shape ${given.shape}`);
}

export function missing(file: SourceFile, statement: Statement, expected: string): Error {
  const { range } = statement.keyword;
  return refusal(file, range, `${statement.name.toUpperCase()} requires ${expected}`);
}

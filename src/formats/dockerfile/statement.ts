/** One instruction taken apart: its keyword, its flags, and its arguments in the shape that the keyword gives them. @module */
import { readJsonWords } from './json.ts';
import type { LogicalLine } from './lines.ts';
import { isSpace, type Located, refusal, type SourceFile, sliceLocated, trimLocated, wordOf } from './source.ts';
import { didYouMean } from './suggest.ts';
import type { Assignment, Heredoc, Word } from './types.ts';

export interface Statement {
  readonly keyword: Word;
  /** In lower case. */
  readonly name: string;
  /** Quotes and escapes taken away, `--` in front. */
  readonly flags: readonly Word[];
  readonly arguments: Arguments;
  readonly line: Located;
  readonly comments: readonly string[];
  readonly heredocs: readonly Heredoc[];
}

export type Arguments =
  /** `json`: they were a JSON array of strings. */
  | { readonly shape: 'words'; readonly words: readonly Word[]; readonly json: boolean }
  /** All the rest of the instruction; empty where there is none. */
  | { readonly shape: 'text'; readonly text: Word }
  | { readonly shape: 'pairs'; readonly pairs: readonly Assignment[]; readonly legacy: boolean }
  /** HEALTHCHECK: a word, and a command behind it. */
  | { readonly shape: 'typed'; readonly type: Word | undefined; readonly command: Arguments }
  /** ONBUILD; undefined where nothing follows. */
  | { readonly shape: 'trigger'; readonly text: Word; readonly statement: Statement | undefined };

type Reader = (file: SourceFile, rest: Located, of: LogicalLine) => Arguments;

const READERS: Readonly<Record<string, Reader>> = {
  add: readJsonOrWords,
  arg: (file, rest) => ({ shape: 'words', words: quotedWords(rest, file.escape), json: false }),
  cmd: readJsonOrText,
  copy: readJsonOrWords,
  entrypoint: readJsonOrText,
  env: readPairs,
  expose: (_, rest) => spacedWords(rest),
  from: (_, rest) => spacedWords(rest),
  healthcheck: readTyped,
  label: readPairs,
  maintainer: (_, rest) => readText(rest),
  onbuild: readTrigger,
  run: readJsonOrText,
  shell: readJsonOrText,
  stopsignal: (_, rest) => readText(rest),
  user: (_, rest) => readText(rest),
  volume: readJsonOrWords,
  workdir: (_, rest) => readText(rest),
};

/** White space between a keyword and its arguments, and between words. */
const SPACES = /[\t\v\f\r ]+/;

export function readStatement(file: SourceFile, of: LogicalLine): Statement {
  const { line } = of;
  const gap = SPACES.exec(line.text);
  const end = gap?.index ?? line.text.length;
  const keyword = wordOf(line, 0, end);
  const name = keyword.text.toLowerCase();
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  if (read === undefined) {
    const known = Object.keys(READERS).map((one) => one.toUpperCase());
    const hint = didYouMean(keyword.text, known);
    throw refusal(file, keyword.range, `unknown instruction: ${keyword.text}`, unfinished(file, keyword) ?? hint);
  }
  const { flags, rest } = readFlagWords(sliceLocated(line, gap === null ? end : end + gap[0].length));
  return { keyword, name, flags, arguments: read(file, trimLocated(rest), of), ...of };
}

/** Where the line above ends in the middle of a command. */
function unfinished({ lines, escape: backslash }: SourceFile, { range }: Word): string | undefined {
  const above = range.start.line - 1;
  const isOpen = /(?:&&|\|\|?|[,;([{])\s*$/.test(lines[above - 1] ?? '');
  return isOpen ? `if line ${above} goes on here, it has to end with ${backslash}` : undefined;
}

/** Words that begin with `--`, up to the first that does not or to `--` alone. A backslash escapes here whatever the directive says. */
function readFlagWords(from: Located): { flags: Word[]; rest: Located } {
  const flags: Word[] = [];
  const flag = /[\s\u0085]*(--(?:\\.|"(?:\\.|[^"\\])*(?:"|$)|'(?:\\.|[^'\\])*(?:'|$)|[^\s\u0085\\"'])*\\?)/suy;
  let at = 0;
  for (let match = flag.exec(from.text); match !== null; match = flag.exec(from.text)) {
    const written = match[1] ?? '';
    at = flag.lastIndex;
    if (written === '--') break;
    flags.push(wordOf(from, at - written.length, at, unquoted(written)));
  }
  return { flags, rest: sliceLocated(from, at) };
}

function unquoted(text: string): string {
  return text.replace(/\\(.?)|"((?:\\.|[^"\\])*)(?:"|$)|'((?:\\.|[^'\\])*)(?:'|$)/gsu, (_, escaped, double, single) =>
    escaped === undefined ? (double ?? single).replace(/\\(.)/gsu, '$1') : escaped,
  );
}

function spacedWords(rest: Located): Arguments {
  const words = [...rest.text.matchAll(/[^\t\v\f\r ]+/g)].map(({ index, 0: text }) =>
    wordOf(rest, index, index + text.length),
  );
  return { shape: 'words', words, json: false };
}

/** Words between spaces that are neither quoted nor escaped; quotes and escapes stay. */
function quotedWords(rest: Located, escapeChar: string): Word[] {
  const words: Word[] = [];
  const { text } = rest;
  let start = -1;
  let quote = '';
  let end = text.length;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (start < 0) {
      if (isSpace(char)) continue;
      start = at;
    } else if (quote === '' && isSpace(char)) {
      words.push(wordOf(rest, start, at));
      start = -1;
      continue;
    }
    if (char === escapeChar && quote !== "'") {
      // At the end it escapes nothing and is dropped.
      if (at + 1 === text.length) end = at;
      at++;
    } else if (quote === char) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
  }
  if (start >= 0 && end > start) words.push(wordOf(rest, start, end));
  return words;
}

function readText(rest: Located): Arguments {
  return { shape: 'text', text: wordOf(rest) };
}

function readJsonOrWords(file: SourceFile, rest: Located): Arguments {
  const words = readJsonWords(file, rest);
  return words === undefined ? spacedWords(rest) : { shape: 'words', words, json: true };
}

function readJsonOrText(file: SourceFile, rest: Located): Arguments {
  const words = readJsonWords(file, rest);
  return words === undefined ? readText(rest) : { shape: 'words', words, json: true };
}

/** `NAME=value …`, or in the old form `NAME value` with all the rest as one value. */
function readPairs(file: SourceFile, rest: Located, { line }: LogicalLine): Arguments {
  const words = quotedWords(rest, file.escape);
  const [first] = words;
  if (first === undefined) return { shape: 'pairs', pairs: [], legacy: false };
  if (!first.text.includes('=')) {
    const gap = SPACES.exec(rest.text);
    if (gap === null) {
      throw refusal(file, first.range, `${keywordOf(line)} needs a name and a value`, `write ${first.text}=VALUE`);
    }
    const pair = { name: wordOf(rest, 0, gap.index), value: wordOf(rest, gap.index + gap[0].length) };
    return { shape: 'pairs', pairs: [pair], legacy: true };
  }
  const pairs = words.map((word) => splitPair(word) ?? noEquals(file, word));
  return { shape: 'pairs', pairs, legacy: false };
}

function noEquals(file: SourceFile, word: Word): never {
  const hint = 'a value that holds spaces must be quoted';
  throw refusal(file, word.range, `expected NAME=VALUE, found ${word.text}`, hint);
}

function keywordOf(line: Located): string {
  return (SPACES.exec(line.text) === null ? line.text : (line.text.split(SPACES, 1)[0] ?? '')).toUpperCase();
}

/** At the first `=`; undefined where there is none. */
export function splitPair(word: Word): Assignment | undefined {
  const at = word.text.indexOf('=');
  if (at < 0) return undefined;
  const { start, end } = word.range;
  // A word that goes over several lines keeps its whole range for both sides.
  const oneLine = start.line === end.line && end.column - start.column === word.text.length;
  const middle = (offset: number) => ({ line: start.line, column: start.column + offset });
  return {
    name: { text: word.text.slice(0, at), range: oneLine ? { start, end: middle(at) } : word.range },
    value: { text: word.text.slice(at + 1), range: oneLine ? { start: middle(at + 1), end } : word.range },
  };
}

function readTyped(file: SourceFile, rest: Located): Arguments {
  const [, type = '', gap = ''] = /^([^\s\u0085]*)([\s\u0085]*)/.exec(rest.text) ?? [];
  const command = readJsonOrText(file, sliceLocated(rest, type.length + gap.length));
  return { shape: 'typed', type: type === '' ? undefined : wordOf(rest, 0, type.length), command };
}

function readTrigger(file: SourceFile, rest: Located, of: LogicalLine): Arguments {
  const text = wordOf(rest);
  if (rest.text === '') return { shape: 'trigger', text, statement: undefined };
  if (/^onbuild(?:\s|$)/i.test(rest.text)) {
    throw refusal(file, text.range, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  }
  return { shape: 'trigger', text, statement: readStatement(file, { ...of, line: rest }) };
}

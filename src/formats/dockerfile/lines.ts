/** From the lines of a file to its instructions: continuations, comments and heredocs. @module */
import { findHeredocs, type HeredocStart } from './heredoc.ts';
import { readJsonWords } from './json.ts';
import {
  endOf,
  joinLocated,
  type Located,
  located,
  refusal,
  type SourceFile,
  sliceLocated,
  trimLocated,
} from './source.ts';
import type { Heredoc, Position } from './types.ts';

/** An instruction on one line, before anything in it is understood. */
export interface LogicalLine {
  readonly line: Located;
  /** Comment lines right above, without `#`. */
  readonly comments: readonly string[];
  readonly heredocs: readonly Heredoc[];
  /** Blank lines in the middle of it. */
  readonly emptyContinuations: readonly Position[];
}

/** The file's instructions; `first` is the number of lines to leave out at its beginning. */
export function readLines(file: SourceFile, text: string, first: number): LogicalLine[] {
  const reader = new LineReader(file, text, first);
  const found: LogicalLine[] = [];
  for (let next = reader.next(); next !== undefined; next = reader.next()) found.push(next);
  return found;
}

class LineReader {
  readonly #file: SourceFile;
  /** With their ends, which are part of a heredoc's content. */
  readonly #raw: readonly string[];
  #at: number;
  /** Text of a line, tabs in front taken away → the last line that holds it. Made when a heredoc is looked for. */
  #lastLines: ReadonlyMap<string, number> | undefined;

  constructor(file: SourceFile, text: string, first: number) {
    this.#file = file;
    this.#raw = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
    this.#at = first;
  }

  next(): LogicalLine | undefined {
    let comments: string[] = [];
    for (; this.#at < this.#file.lines.length; this.#at++) {
      const text = this.#file.lines[this.#at] ?? '';
      const comment = /^\s*#(.*)$/.exec(text)?.[1]?.trim();
      if (comment !== undefined && comment !== '') comments.push(comment);
      else if (comment !== undefined || text.trim() === '') comments = [];
      else return this.#instruction(comments);
    }
    return undefined;
  }

  #instruction(comments: readonly string[]): LogicalLine {
    const parts: Located[] = [];
    const emptyContinuations: Position[] = [];
    let continued = true;
    while (continued && this.#at < this.#file.lines.length) {
      const text = this.#file.lines[this.#at] ?? '';
      const start = { line: this.#at + 1, column: 1 };
      this.#at++;
      if (parts.length > 0 && /^\s*#/.test(text)) continue;
      if (parts.length > 0 && text.trim() === '') {
        emptyContinuations.push(start);
        continue;
      }
      const end = continuationAt(text, this.#file.escape);
      continued = end !== undefined;
      parts.push(located(text.slice(0, end), start));
    }
    const line = trimLocated(joinLocated(parts));
    return { line, comments, emptyContinuations, heredocs: this.#heredocs(line) };
  }

  #heredocs(line: Located): Heredoc[] {
    if (!canHoldHeredocs(this.#file, line)) return [];
    const heredocs: Heredoc[] = [];
    for (const start of findHeredocs(line)) {
      const heredoc = this.#heredoc(start);
      if (heredoc !== undefined) heredocs.push(heredoc);
    }
    return heredocs;
  }

  #heredoc({ spaced, ...start }: HeredocStart): Heredoc | undefined {
    const first = this.#at;
    for (let at = this.#couldEnd(start.name) ? first : this.#file.lines.length; at < this.#file.lines.length; at++) {
      const text = this.#file.lines[at] ?? '';
      if ((start.chomp ? text.replace(/^\t+/, '') : text) !== start.name) continue;
      this.#at = at + 1;
      const contentRange = { start: { line: first + 1, column: 1 }, end: { line: at + 1, column: 1 } };
      return { ...start, content: this.#raw.slice(first, at).join(''), contentRange };
    }
    // `$((1 << 2))` is the shell's, not ours.
    if (spaced) return undefined;
    const hint = `a line that holds ${start.name} and nothing else must end it`;
    throw refusal(this.#file, start.range, `the heredoc ${start.name} has no end`, hint);
  }

  /** Whether the name stands further down at all: a thousand `<<` that nothing ends must not read the file a thousand times. */
  #couldEnd(name: string): boolean {
    this.#lastLines ??= new Map(this.#file.lines.map((line, at) => [line.replace(/^\t+/, ''), at]));
    return (this.#lastLines.get(name.replace(/^\t+/, '')) ?? -1) >= this.#at;
  }
}

/** Where a line that goes on in the next one has its escape character: the last thing on it, and not twice. */
function continuationAt(text: string, escapeChar: string): number | undefined {
  const end = endOf(text, (char) => char === ' ' || char === '\t');
  if (text[end - 1] !== escapeChar || text[end - 2] === escapeChar) return undefined;
  return end - 1;
}

/** RUN, COPY and ADD, ONBUILD's too, if their arguments are no JSON. */
function canHoldHeredocs(file: SourceFile, line: Located): boolean {
  const [head] = /^(?:onbuild\s+)?(?:run|copy|add)(?=\s|$)\s*(?:--\S*\s+)*/i.exec(line.text) ?? [];
  if (head === undefined) return false;
  const rest = sliceLocated(line, head.length);
  return !rest.text.startsWith('[') || readJsonWords(file, rest) === undefined;
}

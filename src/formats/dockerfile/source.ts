/** Text of a Dockerfile that knows where it stands, and errors that show the place. @module */
import { ImageError } from '../../base/errors.ts';
import type { Escape, Position, Range, Word } from './types.ts';

/** The file that is being read. */
export interface SourceFile {
  readonly name: string;
  /** Without their ends. */
  readonly lines: readonly string[];
  readonly escape: Escape;
}

/** A text put together from pieces of the file, as an instruction is from its lines. */
export interface Located {
  readonly text: string;
  /** In order; the first one begins at offset 0. */
  readonly pieces: readonly Piece[];
}

interface Piece {
  /** In the text. */
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

export function located(text: string, { line, column }: Position): Located {
  return { text, pieces: [{ offset: 0, line, column }] };
}

/** One after the other. */
export function joinLocated(parts: readonly Located[]): Located {
  const pieces: Piece[] = [];
  let offset = 0;
  for (const part of parts) {
    for (const piece of part.pieces) pieces.push({ ...piece, offset: piece.offset + offset });
    offset += part.text.length;
  }
  return { text: parts.map(({ text }) => text).join(''), pieces };
}

export function sliceLocated(from: Located, start: number, end = from.text.length): Located {
  const first = pieceAt(from, start);
  const pieces = from.pieces.filter(({ offset }, i) => i > first && offset < end);
  const { line, column } = positionAt(from, start);
  return {
    text: from.text.slice(start, end),
    pieces: [{ offset: 0, line, column }, ...pieces.map((piece) => ({ ...piece, offset: piece.offset - start }))],
  };
}

/** Without the white space around it. */
export function trimLocated(from: Located): Located {
  const end = endOf(from.text, isSpace);
  const start = Math.min(end, /^[\s\u0085]*/.exec(from.text)?.[0].length ?? 0);
  return start === 0 && end === from.text.length ? from : sliceLocated(from, start, end);
}

/** Go's unicode.IsSpace. */
export function isSpace(char: string): boolean {
  return /[\s\u0085]/.test(char);
}

/** Where the text ends without the characters at its end: an expression (`x*$`) would look at them again and again. */
export function endOf(text: string, isLeftOut: (char: string) => boolean): number {
  let end = text.length;
  while (end > 0 && isLeftOut(text[end - 1] ?? '')) end--;
  return end;
}

export function rangeOf(from: Located, start = 0, end = from.text.length): Range {
  const first = positionAt(from, start);
  if (end <= start) return { start: first, end: first };
  const last = positionAt(from, end - 1);
  return { start: first, end: { line: last.line, column: last.column + 1 } };
}

/** The piece as a word; `text` where it is not what stands there, quotes taken away for instance. */
export function wordOf(from: Located, start = 0, end = from.text.length, text = from.text.slice(start, end)): Word {
  return { text, range: rangeOf(from, start, end) };
}

function positionAt(from: Located, offset: number): Position {
  const piece = from.pieces[pieceAt(from, offset)];
  if (piece === undefined) return { line: 1, column: 1 };
  return { line: piece.line, column: piece.column + offset - piece.offset };
}

/** The last piece that begins at the offset or before. */
function pieceAt({ pieces }: Located, offset: number): number {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((pieces[middle]?.offset ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** An INVALID error at a place: file, line and column, what is wrong, and the line with carets below the place. */
export function refusal(
  file: Pick<SourceFile, 'name' | 'lines'>,
  range: Range,
  problem: string,
  hint?: string,
): ImageError {
  const { line, column } = range.start;
  const message = `${file.name}:${line}:${column}: ${problem}${excerpt(file.lines[line - 1] ?? '', range)}`;
  return new ImageError('INVALID', message, hint === undefined ? {} : { hint });
}

/** Without a byte order mark and without line ends. */
export function linesOf(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) =>
    line.slice(
      0,
      endOf(line, (char) => char === '\r'),
    ),
  );
}

/** Longer lines are cut to what is around the place. */
const WIDTH = 120;

function excerpt(line: string, { start, end }: Range): string {
  if (line === '') return '';
  const from = Math.max(0, start.column - 1 - WIDTH / 2);
  const shown = line.slice(from, from + WIDTH);
  const at = Math.min(start.column - 1 - from, shown.length);
  const width = end.line === start.line ? end.column - start.column : shown.length - at;
  const carets = '^'.repeat(Math.max(1, Math.min(width, shown.length - at)));
  const number = String(start.line);
  // Tabs stay tabs, so that the carets stand below what they point at.
  const margin = shown.slice(0, at).replace(/[^\t]/g, ' ');
  return `\n  ${number} | ${shown.trimEnd()}\n  ${' '.repeat(number.length)} | ${margin}${carets}`;
}

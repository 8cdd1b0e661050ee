/**
 * Debian's control file syntax, deb822(5): paragraphs of `Field: value`, separated by empty lines; a line that begins with
 * white space goes on with the value before it. One pass over bytes; memory grows with one paragraph, not with the file.
 * @module
 */
import { ImageError } from '../../base/errors.ts';

const NEWLINE = 0x0a;
const COLON = 0x3a;
const HASH = 0x23;
const SPACE = 0x20;
const TAB = 0x09;
const RETURN = 0x0d;
/** The bit that an ASCII letter has in lower case. */
const LOWER_CASE = 0x20;

/** Field names in lower case → value: continuation lines are joined by `\n`, their leading white space kept. */
export type Paragraph = ReadonlyMap<string, string>;

export interface Deb822Options {
  /** Names in lower case of the fields to keep; the others are skipped without being decoded. Default: all. */
  readonly fields?: ReadonlySet<string>;
  /** What is parsed, for messages. */
  readonly what: string;
}

/**
 * The paragraphs in the file's order; of a field given twice the last value counts. Comment lines (`#`) are skipped.
 * @throws ImageError INVALID where a line is neither a field nor the continuation of one
 */
export function* paragraphs(bytes: Uint8Array, { fields, what }: Deb822Options): Generator<Paragraph> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const wanted = fields && {
    names: fields,
    shapes: new Set([...fields].map((name) => shape(name.charCodeAt(0), name.length))),
  };
  let draft: Draft = { fields: new Map(), name: undefined };
  for (let start = 0, end = 0; start < buffer.length; start = end + 1) {
    // A plain loop: lines are short, and a call of indexOf for each costs more.
    for (end = start; end < buffer.length && buffer[end] !== NEWLINE; ) end++;
    if (isBlank(buffer, start, end)) {
      if (draft.name !== undefined) yield draft.fields;
      draft = { fields: new Map(), name: undefined };
    } else if (buffer[start] !== HASH && !takeLine(draft, buffer, start, end, wanted)) {
      throw invalid(what, buffer, start);
    }
  }
  if (draft.name !== undefined) yield draft.fields;
}

interface Draft {
  readonly fields: Map<string, string>;
  /** The field being read; `''` for one that nobody wants; undefined at a paragraph's start. */
  name: string | undefined;
}

interface Wanted {
  readonly names: ReadonlySet<string>;
  /** Most other fields are told by these, without being decoded. */
  readonly shapes: ReadonlySet<number>;
}

/** First letter and length of a name. */
function shape(first: number, length: number): number {
  return length * 256 + (first | LOWER_CASE);
}

/** False where the line fits nowhere. */
function takeLine(draft: Draft, buffer: Buffer, start: number, end: number, wanted: Wanted | undefined): boolean {
  const first = buffer[start];
  if (first === SPACE || first === TAB) {
    if (draft.name === undefined) return false;
    if (draft.name !== '')
      draft.fields.set(draft.name, `${draft.fields.get(draft.name)}\n${decode(buffer, start, end)}`);
    return true;
  }
  let colon = start;
  while (colon < end && buffer[colon] !== COLON) colon++;
  if (colon === start || colon === end) return false;
  draft.name = '';
  const spaced = buffer[colon - 1] === SPACE || buffer[colon - 1] === TAB;
  if (!spaced && wanted?.shapes.has(shape(first as number, colon - start)) === false) return true;
  const name = buffer.toString('latin1', start, colon).trimEnd().toLowerCase();
  draft.name = wanted === undefined || wanted.names.has(name) ? name : '';
  if (draft.name !== '') draft.fields.set(name, decode(buffer, colon + 1, end).trimStart());
  return true;
}

function isBlank(buffer: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = buffer[i];
    if (byte !== SPACE && byte !== TAB && byte !== RETURN) return false;
  }
  return true;
}

function decode(buffer: Buffer, start: number, end: number): string {
  return buffer.toString('utf8', start, end).trimEnd();
}

function invalid(what: string, buffer: Buffer, start: number): ImageError {
  let line = 1;
  for (let i = 0; i < start; i++) if (buffer[i] === NEWLINE) line++;
  return new ImageError('INVALID', `${what}: line ${line} is neither "Field: value" nor the continuation of a value`);
}

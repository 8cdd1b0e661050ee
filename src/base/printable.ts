/**
 * What programs and files say, for a terminal that is to obey pare alone: without what would move its cursor, clear it or
 * give it a title (ECMA-48, section 5.4 and 5.6; xterm's control sequences).
 * @module
 */
import { printableName } from './names.ts';

/**
 * Control sequences with their parameters, control strings up to their end, and other escapes. A string without an end is
 * as much of an escape as its beginning: what follows may be text.
 */
const SEQUENCE =
  /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|(?:\u001B[PX\]^_]|[\u0090\u0098\u009D-\u009F])[^\u0000-\u0008\u000E-\u001F\u0080-\u009F]*(?:\u0007|\u001B\\|\u009C)|\u001B[ -/]*[0-~]/g;

/** Select graphic rendition: colours, bold and the like. */
const COLOUR = /^\u001B\[[\d;:]*m$/;

/** What is left of a control sequence that was none, and other controls; tabs, line ends and carriage returns stay. */
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]/g;

/** With colours, and without any other sequence or control. Linear in the text's length. */
export function coloursAlone(text: string): string {
  let out = '';
  let end = 0;
  for (const { 0: sequence, index } of text.matchAll(SEQUENCE)) {
    out += text.slice(end, index).replace(CONTROL, '');
    if (COLOUR.test(sequence)) out += sequence;
    end = index + sequence.length;
  }
  return out + text.slice(end).replace(CONTROL, '');
}

/** What a terminal would have in the line in the end, uncoloured: without sequences and what a carriage return went over. */
export function plainText(line: string): string {
  const parts = line.replace(SEQUENCE, '').split('\r');
  return printableText(parts.findLast((part) => part !== '') ?? '');
}

/** Text of several lines as it is, with whatever else could steer a terminal shown as {@link printableName} does. */
export function printableText(text: string): string {
  return text.replace(/[^\n\t]+/g, printableName);
}

/** At most so many UTF-16 code units, and an ellipsis where something is missing. */
export function cutText(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

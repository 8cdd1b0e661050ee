/** Cuts a template into text and the tokens of its actions. @module */
import { ImageError } from '../../base/errors.ts';

export interface Token {
  readonly kind: 'word' | 'field' | 'variable' | 'string' | 'number' | 'symbol';
  /** As written; of a string, its value; of a field `.A.B`, with its dots. */
  readonly text: string;
  /** Whether it follows the token before without a space. */
  readonly joined: boolean;
}

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly Token[] };

/** `{{-` and `-}}` take the white space beside them away; `{{/* … *\/}}` is a comment. */
const ACTION =
  /\{\{(?<left>- )?(?:\s*\/\*[\s\S]*?\*\/\s*|(?<body>(?:"(?:\\.|[^"\\])*"|`[^`]*`|(?!\}\}).)*?))(?<right> -)?\}\}/dgs;

const TOKEN =
  /\s*(?:(?<string>"(?:\\.|[^"\\\n])*"|`[^`]*`)|(?<number>[+-]?\d+(?:\.\d+)?)|(?<variable>\$\w*(?:\.\w+)*)|(?<field>(?:\.[A-Za-z_]\w*)+|\.)|(?<word>[A-Za-z_]\w*)|(?<symbol>:=|[=|(),]))/y;

/** @throws ImageError USAGE */
export function lexTemplate(template: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trim = false;
  const text = (piece: string, trimEnd: boolean) => {
    const left = trim ? piece.trimStart() : piece;
    pieces.push({ kind: 'text', text: trimEnd ? left.trimEnd() : left });
  };
  for (const match of template.matchAll(ACTION)) {
    const { left, body, right } = match.groups ?? {};
    text(template.slice(at, match.index), left !== undefined);
    if (body !== undefined) pieces.push({ kind: 'action', tokens: lexAction(body) });
    at = match.index + match[0].length;
    trim = right !== undefined;
  }
  const rest = template.slice(at);
  if (rest.includes('{{')) throw templateError(`"${rest.slice(rest.indexOf('{{'))}" has no end: }} is missing`);
  text(rest, false);
  return pieces;
}

function lexAction(body: string): Token[] {
  const tokens: Token[] = [];
  const end = body.trimEnd().length;
  let at = 0;
  while (at < end) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(body);
    if (match === null) throw templateError(`"${body.slice(at).trim()}" is not understood`);
    const [kind, text] = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined) as [
      Token['kind'],
      string,
    ];
    const joined = at > 0 && !/^\s/.test(match[0]);
    tokens.push({ kind, text: kind === 'string' ? stringValue(text) : text, joined });
    at = TOKEN.lastIndex;
  }
  return tokens;
}

/** Go's interpreted and raw string literals; their common escapes are JSON's. */
function stringValue(literal: string): string {
  if (literal.startsWith('`')) return literal.slice(1, -1);
  try {
    return JSON.parse(literal.replaceAll('\t', '\\t')) as string;
  } catch {
    throw templateError(`${literal} is not a string that is understood`);
  }
}

export function templateError(message: string): ImageError {
  return new ImageError('USAGE', `the template is wrong: ${message}`, {
    hint: 'the reference of "inspect" says which part of Go\'s templates is known; --json gives everything',
  });
}

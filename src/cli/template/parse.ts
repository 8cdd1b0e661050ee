/** From the pieces of a template to its tree. @module */
import type { Command, Operand, Pipe, TemplateNode } from './ast.ts';
import { lexTemplate, type Piece, type Token, templateError } from './lex.ts';

/** Deeper nesting than any template for people has. */
const MAX_DEPTH = 100;

/** @throws ImageError USAGE, saying what is not understood */
export function parseTemplate(template: string): readonly TemplateNode[] {
  const pieces = lexTemplate(template);
  const reader = { pieces, at: 0 };
  const { nodes, end } = parseNodes(reader, 0);
  if (end !== undefined) throw templateError(`{{${end}}} without a beginning`);
  return nodes;
}

interface Reader {
  readonly pieces: readonly Piece[];
  at: number;
}

/** What ended a list of nodes: `end`, or `else` with the tokens behind it. */
interface Ending {
  readonly nodes: readonly TemplateNode[];
  readonly end: 'end' | 'else' | undefined;
  readonly rest: readonly Token[];
}

function parseNodes(reader: Reader, depth: number): Ending {
  if (depth > MAX_DEPTH) throw templateError('it is nested too deeply');
  const nodes: TemplateNode[] = [];
  while (reader.at < reader.pieces.length) {
    const piece = reader.pieces[reader.at++] as Piece;
    if (piece.kind === 'text') {
      if (piece.text !== '') nodes.push(piece);
      continue;
    }
    const [first, ...rest] = piece.tokens;
    const word = first?.kind === 'word' ? first.text : undefined;
    if (word === 'end' || word === 'else') return { nodes, end: word, rest };
    if (word === 'if' || word === 'with' || word === 'range') nodes.push(parseBlock(reader, word, rest, depth));
    else nodes.push({ kind: 'output', pipe: parseWholePipe(piece.tokens) });
  }
  return { nodes, end: undefined, rest: [] };
}

function parseBlock(
  reader: Reader,
  kind: 'if' | 'with' | 'range',
  tokens: readonly Token[],
  depth: number,
): TemplateNode {
  const pipe = parseWholePipe(tokens);
  const { nodes: body, end, rest } = parseNodes(reader, depth + 1);
  if (end === undefined) throw templateError(`{{${kind}}} has no {{end}}`);
  if (end === 'end') return { kind, pipe, body, otherwise: [] };
  const [word, ...condition] = rest;
  // {{else if X}} is a block of its own in the other branch, and shares the {{end}}.
  if (word !== undefined) return { kind, pipe, body, otherwise: [parseElse(reader, word, condition, depth)] };
  const other = parseNodes(reader, depth + 1);
  if (other.end !== 'end') throw templateError(`{{${kind}}} has no {{end}}`);
  return { kind, pipe, body, otherwise: other.nodes };
}

function parseElse(reader: Reader, word: Token, condition: readonly Token[], depth: number): TemplateNode {
  if (word.text !== 'if' && word.text !== 'with') throw templateError(`{{else ${word.text}}} is not known`);
  return parseBlock(reader, word.text, condition, depth + 1);
}

interface TokenReader {
  readonly tokens: readonly Token[];
  at: number;
}

function parseWholePipe(tokens: readonly Token[]): Pipe {
  const reader = { tokens, at: 0 };
  const pipe = parsePipe(reader, 0);
  const left = reader.tokens[reader.at];
  if (left !== undefined) throw templateError(`"${left.text}" is out of place`);
  return pipe;
}

function parsePipe(reader: TokenReader, depth: number): Pipe {
  if (depth > MAX_DEPTH) throw templateError('it is nested too deeply');
  const { variables, assigns } = parseVariables(reader);
  const commands: Command[] = [];
  do {
    const operands: Operand[] = [];
    for (let next = parseOperand(reader, depth); next !== undefined; next = parseOperand(reader, depth))
      operands.push(next);
    if (operands.length === 0) throw templateError('a value is missing');
    commands.push(operands);
  } while (takeSymbol(reader, '|'));
  return { variables, assigns, commands };
}

function parseVariables(reader: TokenReader): { variables: string[]; assigns: boolean } {
  const start = reader.at;
  const variables: string[] = [];
  do {
    const token = reader.tokens[reader.at];
    if (token?.kind !== 'variable') break;
    variables.push(token.text);
    reader.at++;
  } while (takeSymbol(reader, ','));
  if (variables.length > 0 && takeSymbol(reader, ':=')) return { variables, assigns: false };
  if (variables.length > 0 && takeSymbol(reader, '=')) return { variables, assigns: true };
  reader.at = start;
  return { variables: [], assigns: false };
}

const CONSTANTS: Readonly<Record<string, boolean | null>> = { true: true, false: false, nil: null };

/** undefined: the command ends here */
function parseOperand(reader: TokenReader, depth: number): Operand | undefined {
  const token = reader.tokens[reader.at];
  if (token === undefined) return undefined;
  if (token.kind === 'symbol' && token.text !== '(') return undefined;
  reader.at++;
  switch (token.kind) {
    case 'string':
      return { kind: 'literal', value: token.text };
    case 'number':
      return { kind: 'literal', value: Number(token.text) };
    case 'field':
      return { kind: 'field', names: fieldNames(token.text) };
    case 'variable': {
      const [name = '$', ...names] = token.text.split('.');
      return { kind: 'variable', name, names };
    }
    case 'word':
      return Object.hasOwn(CONSTANTS, token.text)
        ? { kind: 'literal', value: CONSTANTS[token.text] ?? null }
        : { kind: 'function', name: token.text };
    case 'symbol':
      return parseGroup(reader, depth);
  }
}

/** Behind `(`: a pipeline, `)`, and perhaps fields of its result. */
function parseGroup(reader: TokenReader, depth: number): Operand {
  const pipe = parsePipe(reader, depth + 1);
  if (!takeSymbol(reader, ')')) throw templateError('a ) is missing');
  const next = reader.tokens[reader.at];
  if (next?.kind !== 'field' || !next.joined) return { kind: 'pipe', pipe, names: [] };
  reader.at++;
  return { kind: 'pipe', pipe, names: fieldNames(next.text) };
}

function fieldNames(text: string): readonly string[] {
  return text === '.' ? [] : text.slice(1).split('.');
}

function takeSymbol(reader: TokenReader, symbol: string): boolean {
  const token = reader.tokens[reader.at];
  if (token?.kind !== 'symbol' || token.text !== symbol) return false;
  reader.at++;
  return true;
}

/**
 * Import statements of a Python source file, found by its lexical structure (Python Language Reference, 2): strings, comments
 * and joined lines are passed over; what is executed and what is not makes no difference.
 * @module
 */

export interface Import {
  /** Dotted name; `''` where only dots are given (`from . import x`). */
  readonly module: string;
  /** Leading dots: 0 for an absolute import. */
  readonly level: number;
  /** What is taken out of it: each may be a module of its own. */
  readonly names: readonly string[];
}

export interface Imports {
  readonly imports: readonly Import[];
  /** Whether a module is imported whose name is computed. */
  readonly dynamic: boolean;
}

/** Strings (with prefix, in any quotes), comments, joined lines, names with dots, and single characters. */
const TOKEN =
  /[rbfuRBFU]{0,2}(?:"""(?:[^\\]|\\[\s\S])*?(?:"""|$)|'''(?:[^\\]|\\[\s\S])*?(?:'''|$)|"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?)|#[^\n]*|\\\r?\n|\r?\n|[^\S\n]+|[\p{L}_][\p{L}\p{N}_]*|[\s\S]/gu;

const NAME = /^[\p{L}_]/u;

export function findImports(source: string): Imports {
  const imports: Import[] = [];
  let dynamic = false;
  for (const line of logicalLines(source)) {
    for (let at = 0; at < line.length; at++) {
      const word = line[at];
      const starts = at === 0 || line[at - 1] === ':' || line[at - 1] === ';';
      if (starts && word === 'import') imports.push(...plainImports(line.slice(at + 1)));
      else if (starts && word === 'from') imports.push(...fromImports(line.slice(at + 1)));
      else if (word === '__import__' || word === 'import_module') {
        const name = calledWith(line, at + 1);
        if (name === undefined) dynamic ||= line[at + 1] === '(' && line[at - 1] !== 'def';
        else imports.push({ ...levelOf(name), names: [] });
      }
    }
  }
  return { imports, dynamic };
}

/** Tokens of one statement each, without white space and comments. A string is kept as it stands, with its quotes. */
function* logicalLines(source: string): Generator<string[]> {
  let line: string[] = [];
  let depth = 0;
  for (const [token] of source.matchAll(TOKEN)) {
    if (token === '\n' || token === '\r\n') {
      if (depth > 0) continue;
      if (line.length > 0) yield line;
      line = [];
    } else if (!token.startsWith('#') && !/^(?:\\\r?\n|[^\S\n]+)$/.test(token)) {
      if ('([{'.includes(token)) depth++;
      else if (')]}'.includes(token)) depth = Math.max(0, depth - 1);
      line.push(token);
    }
  }
  if (line.length > 0) yield line;
}

/** `a.b as c, d` → a.b, d */
function plainImports(tokens: readonly string[]): Import[] {
  return clauses(tokens)
    .map((clause) => ({ module: dottedName(clause), level: 0, names: [] }))
    .filter(({ module }) => module !== '');
}

/** `..a.b import c as d, (e)` */
function fromImports(tokens: readonly string[]): Import[] {
  const at = tokens.indexOf('import');
  if (at < 0) return [];
  const from = tokens.slice(0, at);
  const level = from.findIndex((token) => token !== '.');
  const module = level < 0 ? '' : dottedName(from.slice(level));
  const names = clauses(tokens.slice(at + 1).filter((token) => token !== '(' && token !== ')'))
    .map(([name]) => name ?? '')
    .filter((name) => NAME.test(name));
  return [{ module, level: level < 0 ? from.length : level, names }];
}

function clauses(tokens: readonly string[]): string[][] {
  const all: string[][] = [[]];
  for (const token of tokens) {
    if (token === ';') break;
    if (token === ',') all.push([]);
    else all.at(-1)?.push(token);
  }
  return all;
}

/** The dotted name at the beginning of the tokens. */
function dottedName(tokens: readonly string[]): string {
  let name = '';
  for (const token of tokens) {
    const expected = name === '' || name.endsWith('.') ? NAME.test(token) : token === '.';
    if (!expected) break;
    name += token;
  }
  return name.replace(/\.$/, '');
}

/** The only or first argument of a call, where it is a plain string. */
function calledWith(line: readonly string[], at: number): string | undefined {
  if (line[at] !== '(' || !/^[),]$/.test(line[at + 2] ?? '')) return undefined;
  return /^[uU]?(["'])([\p{L}\p{N}_.]*)\1$/u.exec(line[at + 1] ?? '')?.[2];
}

function levelOf(name: string): Pick<Import, 'module' | 'level'> {
  const level = /^\.*/.exec(name)?.[0].length ?? 0;
  return { module: name.slice(level), level };
}

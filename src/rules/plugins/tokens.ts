/**
 * Words of a configuration file, without knowing whose it is: most formats have a directive first on a line and its values
 * behind it, in quotes or not, ended by a line's end or a semicolon; XML has them as an element and its text.
 * @module
 */

export interface Statement {
  /** The first word, in lower case: `include`, `loadmodule`, `root`. */
  readonly directive: string;
  /** The words behind it, quotes removed. */
  readonly values: readonly string[];
}

/** More than this is no configuration written by people. */
const MOST_STATEMENTS = 20_000;

/** Quoted text, and what stands between white space and punctuation that no path has. */
const WORD = /"([^"\n]*)"|'([^'\n]*)'|([^\s"'{};,<>()|=]+)/g;

export function parseStatements(text: string): Statement[] {
  const all: Statement[] = [];
  const masked = withoutComments(text).replace(/\$\{(\w+)\}/g, '\u0001$1\u0002');
  for (const line of masked.split(/[\n;{}]/)) {
    const words = [...line.matchAll(WORD)].map(([, double, single, plain]) =>
      (double ?? single ?? plain ?? '').replace(/\u0001(\w+)\u0002/g, (_, name) => `\${${name}}`),
    );
    const [first, ...values] = words.filter((word) => word !== '' && !/^[!?]/.test(word));
    if (first !== undefined && values.length > 0) all.push({ directive: first.toLowerCase(), values });
    if (all.length >= MOST_STATEMENTS) break;
  }
  return all;
}

/** Lines that begin with `#`, `;` or `//`, what follows ` #` on a line, and XML's comments. A joined line becomes one. */
function withoutComments(text: string): string {
  return withoutXmlComments(text)
    .replace(/\\\r?\n/g, ' ')
    .replace(/^[ \t]*(?:#|;|\/\/).*$/gm, '')
    .replace(/[ \t]#[^\n]*/g, '');
}

function withoutXmlComments(text: string): string {
  let out = '';
  let at = 0;
  for (let start = text.indexOf('<!--'); start >= 0; start = text.indexOf('<!--', at)) {
    const end = text.indexOf('-->', start + 4);
    if (end < 0) break;
    out += text.slice(at, start);
    at = end + 3;
  }
  return out + text.slice(at);
}

/** `${NAME}` replaced by its value; undefined where one is not known. A word with any other `$` or `%` is a pattern, no path. */
export function expandVariables(word: string, variable: (name: string) => string | undefined): string | undefined {
  let known = true;
  const text = word.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = variable(name);
    if (value === undefined) known = false;
    return value ?? '';
  });
  return known && !/[$%]/.test(text) ? text : undefined;
}

/** Assignments of a shell file that a service's start script reads in (`envvars`): `export NAME=value`, own variables expanded. */
export function parseAssignments(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const [, name, quoted, plain] of text.matchAll(
    /^[ \t]*(?:export[ \t]+)?(\w+)=(?:"([^"\n]*)"|'?([^\s'"#]*)'?)/gm,
  )) {
    const value = (quoted ?? plain ?? '').replace(/\$\{?(\w+)\}?/g, (_, other: string) => values.get(other) ?? '');
    if (name !== undefined) values.set(name, value);
  }
  return values;
}

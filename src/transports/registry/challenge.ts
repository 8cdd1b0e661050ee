/** `WWW-Authenticate` (RFC 9110, section 11.6.1): how a server wants to be asked. @module */

export interface Challenge {
  /** In lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** Names in lower case; the first of one name counts. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A header longer than this is not looked at further. */
const LONGEST = 16_384;
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const SCHEME = new RegExp(`[\\s,]*(${TOKEN})(?=$|[\\s,])(?!\\s*=)`, 'y');
const PARAMETER = new RegExp(`[\\s,]*(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]*))`, 'y');
const TOKEN68 = /[ ]+[A-Za-z0-9._~+/-]+=*(?=$|\s*,)/y;

/** All challenges of a header (several fields joined with commas), in order; what follows something unreadable is left out. */
export function parseChallenges(header: string): readonly Challenge[] {
  const text = header.slice(0, LONGEST);
  const found: Challenge[] = [];
  let at = 0;
  for (;;) {
    const [whole, scheme] = match(SCHEME, text, at) ?? [];
    if (whole === undefined || scheme === undefined) return found;
    at += whole.length;
    at += match(TOKEN68, text, at)?.[0].length ?? 0;
    const parameters: Record<string, string> = Object.create(null);
    for (let next = match(PARAMETER, text, at); next !== undefined; next = match(PARAMETER, text, at)) {
      const [parameter, name = '', quoted, plain = ''] = next;
      parameters[name.toLowerCase()] ??= quoted === undefined ? plain : quoted.replace(/\\(.)/gs, '$1');
      at += parameter.length;
    }
    found.push({ scheme: scheme.toLowerCase(), parameters });
  }
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

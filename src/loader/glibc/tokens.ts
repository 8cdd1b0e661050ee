/** Dynamic string tokens: `$ORIGIN`, `$LIB`, `$PLATFORM`, with and without braces (ld.so(8); gABI, "Substitution Sequences"). @module */

export interface Tokens {
  /** Undefined where it cannot be known. */
  readonly ORIGIN: string | undefined;
  readonly LIB: string;
  readonly PLATFORM: string | undefined;
}

/** A token ends where an identifier ends; an unknown one stays as it is. */
const TOKEN = /\$(?:(ORIGIN|PLATFORM|LIB)(?![A-Za-z0-9_])|\{(ORIGIN|PLATFORM|LIB)\})/g;

/** The text with its tokens replaced; `''` where one has no value, so that the whole is of no use. */
export function expandTokens(text: string, tokens: Tokens): string {
  let lost = false;
  const expanded = text.replace(TOKEN, (_, bare: keyof Tokens | undefined, braced: keyof Tokens | undefined) => {
    const value = tokens[(bare ?? braced) as keyof Tokens];
    if (value === undefined) lost = true;
    return value ?? '';
  });
  return lost ? '' : expanded;
}

export function hasTokens(text: string): boolean {
  return text.search(TOKEN) >= 0;
}

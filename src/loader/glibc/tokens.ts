/** Dynamic string tokens: `$ORIGIN`, `$LIB`, `$PLATFORM`, with and without braces (ld.so(8); gABI, "Substitution Sequences"). @module */

export interface Tokens {
  readonly ORIGIN: string;
  readonly LIB: string;
  /** Undefined where the kernel gives none. */
  readonly PLATFORM: string | undefined;
}

/** A token ends where an identifier ends; an unknown one stays as it is. */
const TOKEN = /\$(?:(ORIGIN|PLATFORM|LIB)(?![A-Za-z0-9_])|\{(ORIGIN|PLATFORM|LIB)\})/g;

/** What is longer is no path: the kernel takes 4,096 bytes. */
const LIMIT = 64 * 1024;

/** The text with its tokens replaced; `''` where one has no value or it grows beyond all measure: it is of no use then. */
export function expandTokens(text: string, tokens: Tokens): string {
  const dollars = text.split('$').length - 1;
  if (dollars === 0) return text;
  if (dollars * tokens.ORIGIN.length > LIMIT) return '';
  let lost = false;
  const expanded = text.replace(TOKEN, (_, bare: keyof Tokens | undefined, braced: keyof Tokens | undefined) => {
    const value = tokens[(bare ?? braced) as keyof Tokens];
    lost ||= value === undefined;
    return value ?? '';
  });
  return lost ? '' : expanded;
}

/** `--chmod`: octal numbers, and the symbolic form of chmod(1) with an umask of 0, as BuildKit has it. @module */
import { ImageError } from '../../base/errors.ts';

/** The permissions, 0 to 0o7777, that a file or directory gets which has these. */
export type ModeChange = (permissions: number, isDirectory: boolean) => number;

/** The sticky bit is nobody's: `t` alone reaches it. */
const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o0007, a: 0o6777 };

/**
 * What `755`, `0644`, `u=rwx,go=rX`, `+x` do.
 * @throws ImageError INVALID
 */
export function parseMode(text: string): ModeChange {
  const mode = octalMode(text);
  if (mode !== undefined) return () => mode;
  const changes = text.split(',').flatMap((clause) => parseClause(clause, text));
  return (permissions, isDirectory) => {
    let mode = permissions;
    // X asks what the file was before, not what an earlier clause made of it: so do BSD and BuildKit, and GNU does not.
    const runs = isDirectory || (permissions & 0o111) !== 0;
    for (const change of changes) mode = change(mode, runs);
    return mode & 0o7777;
  };
}

/** Permissions that do not depend on those there were. */
export function octalMode(text: string): number | undefined {
  const mode = /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
  return mode !== undefined && mode <= 0o7777 ? mode : undefined;
}

type Step = (mode: number, runs: boolean) => number;

function parseClause(clause: string, text: string): Step[] {
  const [, who = '', actions = ''] = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/.exec(clause) ?? [];
  if (actions === '') throw invalid(text);
  // Where nobody is named, all are: builders have no umask.
  const named = [...(who === '' ? 'a' : who)].reduce((mask, letter) => mask | (WHO[letter] ?? 0), 0);
  return [...actions.matchAll(/([-+=])([ugo]|[rwxXst]*)/g)].map(([, operator = '', letters = '']) => {
    const sticky = letters.includes('t') && named !== WHO['o'] ? 0o1000 : 0;
    const mask = named | sticky;
    return (mode, runs) => {
      const bits = bitsOf(letters, mode, runs || operator === '-') & mask;
      if (operator === '+') return mode | bits;
      return operator === '-' ? mode & ~bits : (mode & ~mask) | bits;
    };
  });
}

function bitsOf(letters: string, mode: number, runs: boolean): number {
  let bits = 0;
  for (const letter of letters) {
    if (letter === 'r') bits |= 0o444;
    else if (letter === 'w') bits |= 0o222;
    else if (letter === 'x' || (letter === 'X' && runs)) bits |= 0o111;
    else if (letter === 's') bits |= 0o6000;
    else if (letter === 't') bits |= 0o1000;
    else if (letter === 'u') bits |= ((mode >> 6) & 7) * 0o111;
    else if (letter === 'g') bits |= ((mode >> 3) & 7) * 0o111;
    else if (letter === 'o') bits |= (mode & 7) * 0o111;
  }
  return bits;
}

function invalid(text: string): ImageError {
  return new ImageError('INVALID', `"${text}" is no file mode`, {
    hint: 'write an octal number up to 7777, or a symbolic mode as u=rwX,go=rX',
  });
}

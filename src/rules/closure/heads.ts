/** The first bytes of a file, which tell what kind of program it is. @module */
import { decodeName } from '../../base/names.ts';

/** Linux looks for a script's interpreter in this much of the file (BINPRM_BUF_SIZE). */
const HASH_BANG_LIMIT = 256;

export interface HashBang {
  readonly interpreter: string;
  readonly argument: string | undefined;
}

/**
 * The `#!` line as Linux reads it (fs/binfmt_script.c): the interpreter's path, and the rest of the line as one argument,
 * blanks around it dropped. Undefined where the file has none, or one that execve(2) would refuse.
 */
export function readHashBang(head: Uint8Array): HashBang | undefined {
  if (head[0] !== 0x23 || head[1] !== 0x21) return undefined;
  const text = decodeName(head.subarray(2, HASH_BANG_LIMIT));
  const end = text.indexOf('\n');
  const line = (end < 0 ? text : text.slice(0, end)).split('\0')[0] ?? '';
  const words = /^[ \t]*([^ \t]+)[ \t]*(.*?)[ \t]*$/.exec(line);
  const interpreter = words?.[1];
  if (interpreter === undefined) return undefined;
  if (end < 0 && words?.[2] === '' && !/[ \t]$/.test(line) && head.length >= HASH_BANG_LIMIT) return undefined;
  return { interpreter, argument: words?.[2] === '' ? undefined : words?.[2] };
}

/** The exec form: a JSON array of strings in one instruction. @module */
import { type Located, refusal, type SourceFile, wordOf } from './source.ts';
import type { Word } from './types.ts';

/**
 * The strings, decoded; undefined for what is no JSON array and therefore something else, a shell's command for instance.
 * @throws ImageError INVALID for an array that holds anything but strings
 */
export function readJsonWords(file: SourceFile, rest: Located): Word[] | undefined {
  if (!/^\s*\[/.test(rest.text)) return undefined;
  let values: unknown;
  try {
    values = JSON.parse(rest.text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(values)) return undefined;
  const words: Word[] = [];
  // Outside of its strings such an array holds brackets, commas and spaces only.
  const strings = rest.text.matchAll(/"(?:[^"\\]|\\.)*"/g);
  for (const value of values) {
    if (typeof value !== 'string') {
      throw refusal(
        file,
        wordOf(rest).range,
        'a command in JSON form must hold strings only',
        'write ["program", "argument"]',
      );
    }
    const { value: match } = strings.next();
    const start = match?.index ?? 0;
    words.push(wordOf(rest, start, start + (match?.[0].length ?? 0), value.toWellFormed()));
  }
  return words;
}

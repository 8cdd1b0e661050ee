/** Flags of an instruction: `--name`, `--name=value`, by a table of what the instruction takes. @module */
import { refusal, type SourceFile } from '../source.ts';
import type { Statement } from '../statement.ts';
import { didYouMean } from '../suggest.ts';
import type { Word } from '../types.ts';

/** `switch` takes nothing, true or false; `list` may be given several times; `refused` exists elsewhere, and why not here. */
export type FlagKind = 'text' | 'switch' | 'list' | { readonly refused: string };

export interface Flags {
  text(name: string): Word | undefined;
  /** Undefined where it is not given. */
  switch(name: string): boolean | undefined;
  list(name: string): readonly Word[];
}

/** @throws ImageError INVALID for a flag that is unknown, lacks its value or stands there twice */
export function readFlags(
  file: SourceFile,
  statement: Statement,
  table: Readonly<Record<string, FlagKind>> = {},
): Flags {
  const found = new Map<string, Word[]>();
  for (const flag of statement.flags) {
    const { name, kind } = readFlag(file, flag, table);
    const values = found.get(name) ?? [];
    if (values.length > 0 && kind !== 'list')
      throw refusal(file, flag.range, `the flag --${name} stands here a second time`);
    found.set(name, [...values, flagValue(file, flag, name, kind)]);
  }
  return {
    text: (name) => found.get(name)?.[0],
    switch: (name) => {
      const word = found.get(name)?.[0];
      return word === undefined ? undefined : word.text === 'true';
    },
    list: (name) => found.get(name) ?? [],
  };
}

function readFlag(
  file: SourceFile,
  flag: Word,
  table: Readonly<Record<string, FlagKind>>,
): { name: string; kind: FlagKind } {
  const name = flag.text.slice(2).split('=', 1)[0] ?? '';
  const kind = Object.hasOwn(table, name) ? table[name] : undefined;
  if (kind === undefined) {
    const known = Object.keys(table).map((one) => `--${one}`);
    const all = known.length === 0 ? 'this instruction takes no flags' : `flags here: ${known.join(', ')}`;
    throw refusal(file, flag.range, `unknown flag: --${name}`, didYouMean(`--${name}`, known) ?? all);
  }
  if (typeof kind === 'object') throw refusal(file, flag.range, `the flag --${name} cannot be used: ${kind.refused}`);
  return { name, kind };
}

function flagValue(file: SourceFile, flag: Word, name: string, kind: FlagKind): Word {
  const at = flag.text.indexOf('=');
  const text = at < 0 ? '' : flag.text.slice(at + 1);
  if (kind === 'switch') {
    const value = at < 0 ? 'true' : text.toLowerCase();
    if (value === 'true' || value === 'false') return { text: value, range: flag.range };
    throw refusal(file, flag.range, `the flag --${name} is true or false, not "${text}"`);
  }
  if (at < 0) throw refusal(file, flag.range, `the flag --${name} needs a value`, `write --${name}=VALUE`);
  const { start, end } = flag.range;
  const asWritten = start.line === end.line && end.column - start.column === flag.text.length;
  const from = { line: start.line, column: start.column + at + 1 };
  return { text, range: asWritten ? { start: from, end } : flag.range };
}

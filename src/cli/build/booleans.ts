/** Options without a value that docker takes with one as well: `--push=true`, as scripts write `--push=$PUSH`. @module */
import type { Command } from 'commander';
import { ImageError } from '../../base/errors.ts';
import { parseBoolean } from '../../formats/dockerfile/directives.ts';

const OPTIONS = ['--check', '--load', '--no-cache', '--pull', '--push', '--squash'];

/** Not options with an optional value, which would take the context that stands behind them for it. @throws ImageError USAGE (when it parses) */
export function takeBooleans(command: Command): void {
  const parse = command.parseOptions.bind(command);
  command.parseOptions = (words) => parse(words.flatMap(withoutBoolean));
}

function withoutBoolean(word: string): readonly string[] {
  const cut = word.indexOf('=');
  const option = word.slice(0, cut);
  if (cut < 0 || !OPTIONS.includes(option)) return [word];
  const value = parseBoolean(word.slice(cut + 1));
  if (value !== undefined) return value ? [option] : [];
  throw new ImageError('USAGE', `${word}: ${option} is true or false`, { hint: `write ${option}, or nothing` });
}

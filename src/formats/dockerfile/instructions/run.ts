/** RUN. @module */
import { ImageError } from '../../../base/errors.ts';
import { readMountFlag } from '../mount.ts';
import { refusal, type SourceFile } from '../source.ts';
import type { Statement } from '../statement.ts';
import { didYouMean } from '../suggest.ts';
import type { MountFlag, RunInstruction, Word } from '../types.ts';
import { commandOf, commonOf } from './base.ts';
import { readFlags } from './flags.ts';

const NETWORKS = ['default', 'none', 'host'] as const;
const SECURITY = ['sandbox', 'insecure'] as const;

export function readRun(file: SourceFile, statement: Statement): RunInstruction {
  const flags = readFlags(file, statement, {
    mount: 'list',
    network: 'text',
    security: 'text',
    device: { refused: 'pare gives no devices of this machine to a build' },
  });
  return {
    kind: 'run',
    ...commonOf(statement),
    command: commandOf(statement.arguments),
    heredocs: statement.heredocs,
    mounts: flags.list('mount').map((word) => readMount(file, word)),
    network: choose(file, flags.text('network'), NETWORKS),
    security: choose(file, flags.text('security'), SECURITY),
  };
}

function readMount(file: SourceFile, word: Word): MountFlag {
  try {
    return readMountFlag(word);
  } catch (error) {
    if (error instanceof ImageError) throw refusal(file, word.range, error.message, error.hint);
    throw error;
  }
}

/** The first choice is the one that counts where nothing is said. */
function choose<T extends string>(file: SourceFile, word: Word | undefined, choices: readonly [T, ...T[]]): T {
  if (word === undefined) return choices[0];
  const found = choices.find((choice) => choice === word.text);
  if (found !== undefined) return found;
  const hint = didYouMean(word.text, choices) ?? `it takes ${choices.join(', ')}`;
  throw refusal(file, word.range, `"${word.text}" is not possible here`, hint);
}

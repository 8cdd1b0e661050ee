/** Instructions that say something about the image's config. @module */
import { refusal, type SourceFile } from '../source.ts';
import { type Statement, splitPair } from '../statement.ts';
import type {
  ArgInstruction,
  Assignment,
  CmdInstruction,
  EntrypointInstruction,
  EnvInstruction,
  ExposeInstruction,
  LabelInstruction,
  MaintainerInstruction,
  ShellInstruction,
  StopsignalInstruction,
  UserInstruction,
  VolumeInstruction,
  WorkdirInstruction,
} from '../types.ts';
import { commandOf, commonOf, missing, textArgument, wordArguments } from './base.ts';
import { readFlags } from './flags.ts';

export function readEnv(file: SourceFile, statement: Statement): EnvInstruction {
  return { kind: 'env', ...commonOf(statement), ...readAssignments(file, statement) };
}

export function readLabel(file: SourceFile, statement: Statement): LabelInstruction {
  return { kind: 'label', ...commonOf(statement), ...readAssignments(file, statement) };
}

function readAssignments(
  file: SourceFile,
  statement: Statement,
): { assignments: readonly Assignment[]; legacy: boolean } {
  readFlags(file, statement);
  const given = statement.arguments;
  if (given.shape !== 'pairs' || given.pairs.length === 0) throw missing(file, statement, 'at least one argument');
  for (const { name } of given.pairs) if (name.text === '') throw blankName(file, statement, name.range);
  return { assignments: given.pairs, legacy: given.legacy };
}

export function readArg(file: SourceFile, statement: Statement): ArgInstruction {
  readFlags(file, statement);
  const args = wordArguments(file, statement).map((word) => {
    const { name, value } = splitPair(word) ?? { name: word, value: undefined };
    if (name.text === '') throw blankName(file, statement, word.range);
    return { name, value };
  });
  return { kind: 'arg', ...commonOf(statement), args };
}

function blankName(file: SourceFile, statement: Statement, range: ArgInstruction['range']): Error {
  return refusal(file, range, `${statement.name.toUpperCase()} needs a name before the =`);
}

export function readExpose(file: SourceFile, statement: Statement): ExposeInstruction {
  readFlags(file, statement);
  return { kind: 'expose', ...commonOf(statement), ports: wordArguments(file, statement) };
}

export function readVolume(file: SourceFile, statement: Statement): VolumeInstruction {
  readFlags(file, statement);
  const paths = wordArguments(file, statement).map((word) => ({ ...word, text: word.text.trim() }));
  const empty = paths.find(({ text }) => text === '');
  if (empty !== undefined) throw refusal(file, empty.range, 'a VOLUME cannot be an empty string');
  return { kind: 'volume', ...commonOf(statement), paths };
}

export function readUser(file: SourceFile, statement: Statement): UserInstruction {
  readFlags(file, statement);
  return { kind: 'user', ...commonOf(statement), user: textArgument(file, statement) };
}

export function readWorkdir(file: SourceFile, statement: Statement): WorkdirInstruction {
  readFlags(file, statement);
  return { kind: 'workdir', ...commonOf(statement), path: textArgument(file, statement) };
}

export function readStopsignal(file: SourceFile, statement: Statement): StopsignalInstruction {
  readFlags(file, statement);
  return { kind: 'stopsignal', ...commonOf(statement), signal: textArgument(file, statement) };
}

export function readMaintainer(file: SourceFile, statement: Statement): MaintainerInstruction {
  readFlags(file, statement);
  return { kind: 'maintainer', ...commonOf(statement), maintainer: textArgument(file, statement) };
}

export function readEntrypoint(file: SourceFile, statement: Statement): EntrypointInstruction {
  readFlags(file, statement);
  return { kind: 'entrypoint', ...commonOf(statement), command: commandOf(statement.arguments) };
}

export function readCmd(file: SourceFile, statement: Statement): CmdInstruction {
  readFlags(file, statement);
  return { kind: 'cmd', ...commonOf(statement), command: commandOf(statement.arguments) };
}

export function readShell(file: SourceFile, statement: Statement): ShellInstruction {
  readFlags(file, statement);
  const given = statement.arguments;
  if (given.shape === 'words' && given.words.length > 0)
    return { kind: 'shell', ...commonOf(statement), args: given.words };
  const range = given.shape === 'text' && given.text.text !== '' ? given.text.range : statement.keyword.range;
  throw refusal(file, range, 'SHELL requires a JSON array of at least one string', 'write SHELL ["/bin/sh", "-c"]');
}

/** HEALTHCHECK. @module */

import { parseDuration } from '../sizes.ts';
import { refusal, type SourceFile } from '../source.ts';
import type { Statement } from '../statement.ts';
import { didYouMean } from '../suggest.ts';
import type { Command, HealthcheckInstruction, Word } from '../types.ts';
import { commandOf, commonOf, missing } from './base.ts';
import { readFlags } from './flags.ts';

/** In nanoseconds: what Docker takes at least. */
const SHORTEST = 1_000_000;

export function readHealthcheck(file: SourceFile, statement: Statement): HealthcheckInstruction {
  const flags = readFlags(file, statement, {
    interval: 'text',
    timeout: 'text',
    'start-period': 'text',
    'start-interval': 'text',
    retries: 'text',
  });
  return {
    kind: 'healthcheck',
    ...commonOf(statement),
    command: readCommand(file, statement),
    interval: readDuration(file, flags.text('interval')),
    timeout: readDuration(file, flags.text('timeout')),
    startPeriod: readDuration(file, flags.text('start-period')),
    startInterval: readDuration(file, flags.text('start-interval')),
    retries: readRetries(file, flags.text('retries')),
  };
}

function readCommand(file: SourceFile, statement: Statement): Command | undefined {
  const given = statement.arguments;
  if (given.shape !== 'typed' || given.type === undefined)
    throw missing(file, statement, 'CMD with a command, or NONE');
  const { type } = given;
  const command = commandOf(given.command);
  const isEmpty = command.form === 'exec' ? command.args.length === 0 : command.script.text === '';
  switch (type.text.toUpperCase()) {
    case 'NONE':
      if (isEmpty) return undefined;
      throw refusal(file, type.range, 'HEALTHCHECK NONE takes no arguments');
    case 'CMD':
      if (!isEmpty) return command;
      throw refusal(file, type.range, 'HEALTHCHECK CMD needs a command');
    default: {
      const hint = didYouMean(type.text, ['CMD', 'NONE']) ?? 'write HEALTHCHECK CMD COMMAND';
      throw refusal(file, type.range, `HEALTHCHECK knows CMD and NONE, not ${type.text}`, hint);
    }
  }
}

function readDuration(file: SourceFile, word: Word | undefined): number {
  if (word === undefined || word.text === '') return 0;
  const nanoseconds = parseDuration(word.text);
  if (nanoseconds === undefined) {
    throw refusal(file, word.range, `"${word.text}" is no duration`, 'write a number with a unit, as 30s or 1m30s');
  }
  if (nanoseconds !== 0 && nanoseconds < SHORTEST) {
    throw refusal(file, word.range, `${word.text} is too short`, 'the shortest is 1ms');
  }
  return nanoseconds;
}

function readRetries(file: SourceFile, word: Word | undefined): number {
  if (word === undefined || word.text === '') return 0;
  const retries = /^[+-]?\d+$/.test(word.text) ? Number(word.text) : Number.NaN;
  if (retries >= 0 && retries <= 0x7fffffff) return retries;
  throw refusal(file, word.range, `"${word.text}" is no number of retries`);
}

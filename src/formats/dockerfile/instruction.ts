/** From a statement to the instruction it says: the table of all of them but FROM. @module */
import { commonOf, missing } from './instructions/base.ts';
import {
  readArg,
  readCmd,
  readEntrypoint,
  readEnv,
  readExpose,
  readLabel,
  readMaintainer,
  readShell,
  readStopsignal,
  readUser,
  readVolume,
  readWorkdir,
} from './instructions/config.ts';
import { readAdd, readCopy } from './instructions/files.ts';
import { readFlags } from './instructions/flags.ts';
import { readHealthcheck } from './instructions/healthcheck.ts';
import { readRun } from './instructions/run.ts';
import { refusal, type SourceFile } from './source.ts';
import type { Statement } from './statement.ts';
import type { Instruction, OnbuildInstruction } from './types.ts';

type Reader = (file: SourceFile, statement: Statement) => Instruction;

const READERS: Readonly<Record<Instruction['kind'], Reader>> = {
  add: readAdd,
  arg: readArg,
  cmd: readCmd,
  copy: readCopy,
  entrypoint: readEntrypoint,
  env: readEnv,
  expose: readExpose,
  healthcheck: readHealthcheck,
  label: readLabel,
  maintainer: readMaintainer,
  onbuild: readOnbuild,
  run: readRun,
  shell: readShell,
  stopsignal: readStopsignal,
  user: readUser,
  volume: readVolume,
  workdir: readWorkdir,
};

export function readInstruction(file: SourceFile, statement: Statement): Instruction {
  const read = Object.hasOwn(READERS, statement.name) ? READERS[statement.name as Instruction['kind']] : undefined;
  if (read !== undefined) return read(file, statement);
  throw refusal(file, statement.keyword.range, `${statement.keyword.text} cannot stand here`);
}

/** The trigger is kept as text, too: that is what the image's config holds. */
function readOnbuild(file: SourceFile, statement: Statement): OnbuildInstruction {
  readFlags(file, statement);
  const given = statement.arguments;
  if (given.shape !== 'trigger' || given.statement === undefined) throw missing(file, statement, 'an instruction');
  const { keyword, name } = given.statement;
  if (name === 'from' || name === 'maintainer') {
    throw refusal(file, keyword.range, `${name.toUpperCase()} isn't allowed as an ONBUILD trigger`);
  }
  const contents = statement.heredocs.map(({ content, name: end }) => `\n${content}${end}`);
  const trigger = { ...given.text, text: given.text.text + contents.join('') };
  return { kind: 'onbuild', ...commonOf(statement), trigger, instruction: readInstruction(file, given.statement) };
}

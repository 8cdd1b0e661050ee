/** From the text of a Dockerfile to its value. @module */
import { decodeName } from '../../base/names.ts';
import { readDirectives } from './directives.ts';
import { readInstruction } from './instruction.ts';
import { commonOf } from './instructions/base.ts';
import { readFlags } from './instructions/flags.ts';
import { type LogicalLine, readLines } from './lines.ts';
import { linesOf, refusal, type SourceFile } from './source.ts';
import { readStatement, type Statement } from './statement.ts';
import { didYouMean } from './suggest.ts';
import type { ArgInstruction, Directives, Dockerfile, Instruction, Position, Stage, Word } from './types.ts';

/** UTF-16 units; a heredoc may be long, one line has no reason to be. */
const LONGEST_FILE = 16 * 1024 * 1024;
const LONGEST_LINE = 1024 * 1024;
const MOST_STAGES = 1000;

const TOP = { start: { line: 1, column: 1 }, end: { line: 1, column: 1 } };

/**
 * Reads a Dockerfile. Bytes that are no UTF-8 stay what they are: {@link encodeName} gives them back.
 * @param name what the file is called in messages
 * @throws ImageError INVALID with file, line, column and the line itself
 */
export function parseDockerfile(content: string | Uint8Array, name = 'Dockerfile'): Dockerfile {
  const text = (typeof content === 'string' ? content : decodeName(content)).replace(/^\uFEFF/, '');
  const { file, directives, lines } = readLogicalLines(text, name);
  const globalArgs: ArgInstruction[] = [];
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  for (const line of lines) {
    const statement = readStatement(file, line);
    const stage = stages.at(-1);
    if (statement.name === 'from') stages.push({ ...readFrom(file, statement, stages.length), instructions: [] });
    else if (stage !== undefined) stage.instructions.push(readInstruction(file, statement));
    else globalArgs.push(readGlobalArg(file, statement));
  }
  const tooMany = stages[MOST_STAGES];
  if (tooMany !== undefined) throw refusal(file, tooMany.keyword.range, `there are more than ${MOST_STAGES} stages`);
  if (stages.length === 0) throw refusal(file, TOP, 'there is no FROM, so there is nothing to build');
  const emptyContinuations: Position[] = lines.flatMap((line) => line.emptyContinuations);
  return { name, text, directives, globalArgs, stages, emptyContinuations };
}

/**
 * Reads what an image's config keeps for the builds upon it (OnBuild): one instruction.
 * @throws ImageError INVALID
 */
export function parseTrigger(text: string, name = 'ONBUILD'): Instruction {
  const { file, statements } = parseStatements(text, name);
  const [statement, another] = statements;
  if (statement === undefined || another !== undefined) throw refusal(file, TOP, 'a trigger must be one instruction');
  if (['from', 'maintainer', 'onbuild'].includes(statement.name)) {
    throw refusal(file, statement.keyword.range, `${statement.keyword.text} isn't allowed as an ONBUILD trigger`);
  }
  return readInstruction(file, statement);
}

/** The statements alone, whatever they say and in whatever order. @throws ImageError INVALID */
export function parseStatements(text: string, name: string): { file: SourceFile; statements: Statement[] } {
  const { file, lines } = readLogicalLines(text.replace(/^\uFEFF/, ''), name);
  return { file, statements: lines.map((line) => readStatement(file, line)) };
}

function readLogicalLines(
  text: string,
  name: string,
): { file: SourceFile; directives: Directives; lines: readonly LogicalLine[] } {
  const start = { name, lines: linesOf(text) };
  if (text.length > LONGEST_FILE) throw refusal(start, TOP, `the file is longer than ${LONGEST_FILE} characters`);
  const tooLong = start.lines.findIndex((line) => line.length > LONGEST_LINE);
  if (tooLong >= 0) {
    const place = { line: tooLong + 1, column: 1 };
    throw refusal(start, { start: place, end: place }, `the line is longer than ${LONGEST_LINE} characters`);
  }
  const { directives, lines: first } = readDirectives(start);
  const file: SourceFile = { ...start, escape: directives.escape };
  const lines = readLines(file, text, first);
  if (lines.length === 0) throw refusal(file, TOP, 'the file holds no instructions');
  return { file, directives, lines };
}

function readGlobalArg(file: SourceFile, statement: Statement): ArgInstruction {
  const instruction = readInstruction(file, statement);
  if (instruction.kind === 'arg') return instruction;
  const hint = 'before the first FROM only ARG may stand';
  throw refusal(file, statement.keyword.range, `${statement.keyword.text} stands before the first FROM`, hint);
}

const STAGE_NAME = /^[a-z][a-z0-9-_.]*$/;

function readFrom(file: SourceFile, statement: Statement, index: number): Stage {
  const flags = readFlags(file, statement, { platform: 'text' });
  const words = statement.arguments.shape === 'words' ? statement.arguments.words : [];
  const [base, asKeyword, nameWord, another] = words;
  const hint = 'write FROM IMAGE, or FROM IMAGE AS NAME';
  if (base === undefined) throw refusal(file, statement.keyword.range, 'FROM requires an image', hint);
  if (asKeyword !== undefined && asKeyword.text.toLowerCase() !== 'as') {
    throw refusal(file, asKeyword.range, `expected AS, found ${asKeyword.text}`, hint);
  }
  if ((asKeyword !== undefined && nameWord === undefined) || another !== undefined) {
    throw refusal(file, (another ?? asKeyword ?? base).range, 'FROM requires either one or three arguments', hint);
  }
  return {
    ...commonOf(statement),
    index,
    name: nameWord === undefined ? undefined : readStageName(file, nameWord),
    nameWord,
    asKeyword,
    base,
    platform: flags.text('platform'),
    instructions: [],
  };
}

function readStageName(file: SourceFile, word: Word): string {
  const name = word.text.toLowerCase();
  if (STAGE_NAME.test(name)) return name;
  const hint = 'a name begins with a letter; letters, digits, "-", "_" and "." may follow';
  throw refusal(file, word.range, `"${word.text}" cannot be the name of a stage`, hint);
}

/** The stage that a `--from`, a `from=`, a base or a target means: the last one of that name before `before`, else by its number. */
export function findStage(stages: readonly Stage[], reference: string, before = stages.length): Stage | undefined {
  const earlier = stages.slice(0, before);
  const named = earlier.findLast(({ name }) => name === reference.toLowerCase());
  return named ?? (/^\d+$/.test(reference) ? earlier[Number(reference)] : undefined);
}

/** "did you mean" for a name that is no stage's. */
export function suggestStage(stages: readonly Stage[], reference: string): string | undefined {
  return didYouMean(
    reference,
    stages.flatMap(({ name }) => (name === undefined ? [] : [name])),
  );
}

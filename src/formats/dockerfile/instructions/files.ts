/** COPY and ADD. @module */
import { isHeredocOperator, readHeredocWord } from '../heredoc.ts';
import { refusal, type SourceFile } from '../source.ts';
import type { Statement } from '../statement.ts';
import type { AddInstruction, CopyInstruction, FileSource, Word } from '../types.ts';
import { commonOf, missing } from './base.ts';
import { type FlagKind, readFlags } from './flags.ts';

const BOTH = { chown: 'text', chmod: 'text', link: 'switch', exclude: 'list' } as const satisfies Record<
  string,
  FlagKind
>;

export function readCopy(file: SourceFile, statement: Statement): CopyInstruction {
  const flags = readFlags(file, statement, { from: 'text', parents: 'switch', ...BOTH });
  const from = flags.text('from');
  if (from !== undefined && /\$./.test(from.text)) {
    const hint = 'give the image a stage of its own (FROM $NAME AS other), and write --from=other';
    throw refusal(file, from.range, 'the flag --from cannot hold variables', hint);
  }
  return {
    kind: 'copy',
    ...commonOf(statement),
    ...readFiles(file, statement),
    from,
    chown: flags.text('chown'),
    chmod: flags.text('chmod'),
    link: flags.switch('link') ?? false,
    parents: flags.switch('parents') ?? false,
    exclude: flags.list('exclude'),
  };
}

export function readAdd(file: SourceFile, statement: Statement): AddInstruction {
  const flags = readFlags(file, statement, { checksum: 'text', 'keep-git-dir': 'switch', unpack: 'switch', ...BOTH });
  return {
    kind: 'add',
    ...commonOf(statement),
    ...readFiles(file, statement),
    chown: flags.text('chown'),
    chmod: flags.text('chmod'),
    link: flags.switch('link') ?? false,
    exclude: flags.list('exclude'),
    checksum: flags.text('checksum'),
    keepGitDir: flags.switch('keep-git-dir'),
    unpack: flags.switch('unpack'),
  };
}

function readFiles(file: SourceFile, statement: Statement): { sources: readonly FileSource[]; destination: Word } {
  const words = statement.arguments.shape === 'words' ? joinedOperators(statement.arguments.words) : [];
  const destination = words.at(-1);
  if (destination === undefined || words.length < 2) {
    throw missing(file, statement, 'at least two arguments: one source or more, and the destination');
  }
  if (readHeredocWord(destination.text) !== undefined) {
    const problem = `${statement.name.toUpperCase()} cannot accept a heredoc as a destination`;
    throw refusal(file, destination.range, problem, 'the destination comes last, behind the heredoc');
  }
  return { sources: words.slice(0, -1).map((word) => readSource(statement, word)), destination };
}

/** `<<` with its name behind a space is one word. */
function joinedOperators(words: readonly Word[]): Word[] {
  const joined: Word[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as Word;
    const next = words[i + 1];
    if (next !== undefined && isHeredocOperator(word.text)) {
      joined.push({ text: `${word.text} ${next.text}`, range: { start: word.range.start, end: next.range.end } });
      i++;
    } else joined.push(word);
  }
  return joined;
}

function readSource({ heredocs }: Statement, word: Word): FileSource {
  const name = readHeredocWord(word.text)?.name;
  const heredoc = name === undefined ? undefined : heredocs.findLast((one) => one.name === name);
  return heredoc === undefined ? { kind: 'path', word } : { kind: 'heredoc', heredoc };
}

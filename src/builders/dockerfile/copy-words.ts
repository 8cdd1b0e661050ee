/** What COPY and ADD say once their variables have values, before anything is looked at. @module */
import { ImageError } from '../../base/errors.ts';
import { cleanPath } from '../../base/path.ts';
import { expandWord } from '../../formats/dockerfile/expand.ts';
import { type GitReference, parseGitReference } from '../../formats/dockerfile/git.ts';
import { compileIgnore } from '../../formats/dockerfile/ignore.ts';
import { octalMode, parseMode } from '../../formats/dockerfile/mode.ts';
import type { AddInstruction, CopyInstruction, FileSource, Range, Word } from '../../formats/dockerfile/types.ts';
import type { Scope } from './configure.ts';
import type { CopyRequest } from './copy/copy.ts';
import { isNumericOwner } from './copy/owner.ts';
import { assertPattern } from './copy/wildcards.ts';
import { atWord } from './failure.ts';
import { environmentIn } from './scope.ts';
import type { State } from './state.ts';

export interface CopyWords {
  readonly sources: readonly CopySourceWords[];
  /** As it is written in the history. */
  readonly written: string;
  /** Absolute; ends with a slash where it is to be a directory. */
  readonly destination: string;
  /** Empty where nothing is said; a name may be none that the root filesystem has. */
  readonly chown: string;
  readonly chmod: string;
  readonly mode: CopyRequest['mode'];
  readonly dirMode: number | undefined;
  readonly excluded: readonly string[];
  readonly excludes: CopyRequest['excludes'];
  /** Whether the layer is made on nothing. */
  readonly link: boolean;
}

export type CopySourceWords =
  | Extract<FileSource, { kind: 'heredoc' }>
  | { readonly kind: 'path'; readonly text: string; readonly range: Range }
  | { readonly kind: 'http'; readonly text: string; readonly checksum: string | undefined }
  | {
      readonly kind: 'git';
      readonly text: string;
      readonly checksum: string | undefined;
      readonly reference: GitReference;
    };

/** @throws ImageError, that knows the word it is about */
export function copyWords(state: State, instruction: CopyInstruction | AddInstruction, scope: Scope): CopyWords {
  const env = environmentIn(state);
  const expand = (word: Word | undefined) =>
    word === undefined ? '' : atWord(word.range, () => expandWord(word.text, env, { escape: scope.escape }));
  const at = <T>(word: Word | undefined, work: () => T) => (word === undefined ? work() : atWord(word.range, work));
  const written = expand(instruction.destination);
  // As in BuildKit: what heredocs hold comes last.
  const inOrder = instruction.sources.toSorted((a, b) => Number(a.kind === 'heredoc') - Number(b.kind === 'heredoc'));
  const checksum = instruction.kind === 'add' && instruction.checksum ? expand(instruction.checksum) : undefined;
  const sources = inOrder.map((source): CopySourceWords => {
    if (source.kind === 'heredoc') return source;
    const text = expand(source.word);
    return at(source.word, () =>
      instruction.kind === 'copy' ? copied(text, source.word, instruction) : added(text, source.word, checksum),
    );
  });
  const chown = expand(instruction.chown);
  const isNumeric = at(instruction.chown, () => isNumericOwner(chown));
  if (instruction.link && !isNumeric) {
    throw new ImageError('USAGE', `--link knows no names, and --chown=${chown} is one`, {
      hint: 'write numbers, or leave --link out',
    });
  }
  const chmod = expand(instruction.chmod);
  const octal = octalMode(chmod);
  // As in BuildKit, no variable is one there.
  const excluded = instruction.exclude.map(({ text }) => text);
  return {
    sources,
    written,
    destination: destinationOf(written, state.config.WorkingDir || '/'),
    chown,
    chmod,
    mode: chmod === '' ? undefined : at(instruction.chmod, () => parseMode(chmod)),
    dirMode: octal === undefined ? undefined : octal & 0o777,
    excluded,
    excludes: excluded.length === 0 ? undefined : matcherOf(excluded),
    link: instruction.link && chmod === '',
  };
}

function copied(text: string, { range }: Word, { parents }: CopyInstruction): CopySourceWords {
  if (isUrl(text)) {
    throw new ImageError('USAGE', `COPY takes no address: "${text}"`, { hint: 'write ADD, which downloads it' });
  }
  if (parents) matcherOf([text]);
  else assertPattern(cleanPath(`/${text}`));
  return { kind: 'path', text, range };
}

function added(text: string, { range }: Word, checksum: string | undefined): CopySourceWords {
  const reference = parseGitReference(text);
  if (reference !== undefined && !reference.looksLocal) return { kind: 'git', text, checksum, reference };
  if (isUrl(text)) return { kind: 'http', text, checksum };
  if (checksum !== undefined) {
    throw new ImageError('USAGE', `--checksum is for what is downloaded, and "${text}" is not`);
  }
  assertPattern(cleanPath(`/${text}`));
  return { kind: 'path', text, range };
}

function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text);
}

/** A directory where it ends with a slash, or is `.` or nothing; relative to the working directory. */
function destinationOf(written: string, workdir: string): string {
  const path = cleanPath(written.startsWith('/') ? written : `${workdir}/${written}`);
  const isDirectory = written === '' || written === '.' || /(?:^|\/)\.?$/.test(written);
  return isDirectory && path !== '/' ? `${path}/` : path;
}

export function matcherOf(patterns: readonly string[]): (path: string, isDirectory: boolean) => boolean {
  const matcher = compileIgnore(patterns);
  return (path) => matcher.matches(path);
}

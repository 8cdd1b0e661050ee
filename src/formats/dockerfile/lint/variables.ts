/** What a stage's variables are, as far as the file tells, and the check of those it uses. @module */
import { ImageError } from '../../../base/errors.ts';
import { expandWord } from '../expand.ts';
import { heredocContent } from '../heredoc.ts';
import { findStage } from '../parse.ts';
import { didYouMean } from '../suggest.ts';
import type { Escape, Instruction, Stage, Word } from '../types.ts';
import type { LintContext } from './report.ts';
import { wordsOf } from './words.ts';

/** Variables of a stage above those of its base, which are not copied: a thousand stages may stand on one another. */
export class Variables {
  readonly #own: Map<string, string>;
  readonly #base: Variables | undefined;

  constructor(own: Iterable<readonly [string, string]>, base?: Variables) {
    this.#own = new Map(own);
    this.#base = base;
  }

  get(name: string): string | undefined {
    for (let at: Variables | undefined = this; at !== undefined; at = at.#base) {
      const value = at.#own.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  set(name: string, value: string): void {
    this.#own.set(name, value);
  }

  *names(): Iterable<string> {
    for (let at: Variables | undefined = this; at !== undefined; at = at.#base) yield* at.#own.keys();
  }
}

export interface State {
  readonly variables: Variables;
  /** Names that an ARG declared without a value. */
  readonly declared: Set<string>;
  /** Whether all variables of the base are known. */
  readonly complete: boolean;
  hasShell: boolean;
  hasWorkdir: boolean;
}

/** At the beginning of a stage: what its base leaves to it. @param states of the stages before */
export function stateOf(
  { file, options }: LintContext,
  stage: Stage,
  states: readonly State[],
  globals: ReadonlyMap<string, string>,
): State {
  const name = expandOrNothing(stage.base.text, { variables: globals }, file.directives.escape) ?? '';
  const base = findStage(file.stages, name, stage.index);
  const before = base === undefined ? undefined : states[base.index];
  const given = options.baseEnvironment?.(stage);
  const scratch: Iterable<readonly [string, string]> | undefined = name === 'scratch' ? [['PATH', '/']] : undefined;
  const own = given ?? scratch;
  return {
    // What an ARG of the base stage declared is its own.
    variables: new Variables(own ?? [], before?.variables),
    declared: new Set(),
    complete: before?.complete ?? own !== undefined,
    hasShell: before?.hasShell ?? false,
    hasWorkdir: before?.hasWorkdir ?? false,
  };
}

/** What an instruction changes for those that follow. */
export function learn(
  { file, options }: LintContext,
  instruction: Instruction,
  state: State,
  globals: ReadonlyMap<string, string>,
): void {
  const expand = (text: string) => expandOrNothing(text, state, file.directives.escape);
  if (instruction.kind === 'env') {
    const set = instruction.assignments.map(({ name, value }) => [expand(name.text), expand(value.text)] as const);
    for (const [name, value] of set) if (name !== undefined) state.variables.set(name, value ?? '');
  } else if (instruction.kind === 'arg') {
    for (const { name, value } of instruction.args) {
      state.declared.add(name.text);
      const given =
        options.buildArgs?.get(name.text) ?? (value === undefined ? globals.get(name.text) : expand(value.text));
      if (given !== undefined && state.variables.get(name.text) === undefined) state.variables.set(name.text, given);
    }
  } else if (instruction.kind === 'shell') state.hasShell = true;
  else if (instruction.kind === 'workdir') state.hasWorkdir = true;
}

function* namesOf({ variables, declared }: State): Iterable<string> {
  yield* variables.names();
  yield* declared;
}

/** Undefined where the build will refuse it. */
export function expandOrNothing(
  text: string,
  { variables }: { readonly variables: Pick<Variables, 'get'> },
  escapeChar: Escape,
): string | undefined {
  try {
    return expandWord(text, (name) => variables.get(name), { escape: escapeChar });
  } catch (error) {
    if (error instanceof ImageError) return undefined;
    throw error;
  }
}

export function checkVariables({ file, report }: LintContext, instruction: Instruction, state: State): void {
  if (!state.complete) return;
  const look = (text: string, range: Word['range'], quotes: 'remove' | 'ignore') => {
    const seen = (name: string, value: string | undefined, optional: boolean) => {
      if (value !== undefined || optional || state.declared.has(name)) return;
      const hint = didYouMean(name, namesOf(state));
      report('UndefinedVar', range, `the variable '$${name}' is not set here${hint === undefined ? '' : ` (${hint})`}`);
    };
    const escapeChar = quotes === 'ignore' ? '\\' : file.directives.escape;
    try {
      expandWord(text, (name) => state.variables.get(name), { escape: escapeChar, quotes, seen });
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
    }
  };
  for (const { text, range } of wordsOf(instruction)) look(text, range, 'remove');
  if (instruction.kind !== 'copy' && instruction.kind !== 'add') return;
  for (const source of instruction.sources) {
    if (source.kind === 'heredoc' && source.heredoc.expand)
      look(heredocContent(source.heredoc), source.heredoc.range, 'ignore');
  }
}

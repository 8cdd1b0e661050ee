/** Whether a build would be refused before its first step, as far as it can be told without looking at a base image. @module */
import { ImageError } from '../../base/errors.ts';
import { expandWord } from '../../formats/dockerfile/expand.ts';
import { findStage } from '../../formats/dockerfile/parse.ts';
import type { Dockerfile, Instruction, Stage } from '../../formats/dockerfile/types.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { beginOn } from './begin.ts';
import type { Scope } from './configure.ts';
import type { BuildSettings } from './context.ts';
import { inFile } from './failure.ts';
import { sourcesOf, stageMeant } from './graph.ts';
import { rehearse } from './rehearse.ts';
import { globalsOf, platformArgs } from './scope.ts';
import { type State, scratchState } from './state.ts';

/** A variable that only the base image could have. No ImageError: nothing is wrong with it. */
class Unknown extends Error {}

/**
 * Goes through the instructions of all stages. What depends on a variable that a base image may have set is not judged.
 * @throws ImageError, located: the first mistake in the file
 */
export function assertSound(file: Dockerfile, platform: Platform, settings: BuildSettings): void {
  const globals = globalsOf(file, platformArgs(settings.buildPlatform, platform, 'default'), settings);
  const scope = { settings, escape: file.directives.escape, globals };
  const states: State[] = [];
  for (const stage of file.stages) {
    let { state } = beginOn({ ...baseOf(stage, file, scope, states, platform), config: {} });
    for (const instruction of stage.instructions) state = gone(state, instruction, stage, file, scope);
    states.push(state);
  }
}

function baseOf(
  stage: Stage,
  file: Dockerfile,
  { globals, settings }: Scope,
  states: readonly State[],
  platform: Platform,
): State {
  const scratch = scratchState(platform);
  const unknown: State = {
    ...scratch,
    unset: () => {
      throw new Unknown();
    },
  };
  const isGiven = (name: string) =>
    [...(settings.contexts?.keys() ?? [])].some((one) => one.replace(/::.*$/, '') === name);
  if (stage.name !== undefined && isGiven(stage.name)) return unknown;
  const name = located(file, stage, () => expandWord(stage.base.text, (one) => globals.get(one), file.directives));
  if (isGiven(name)) return unknown;
  const earlier = /^\d+$/.test(name) ? undefined : findStage(file.stages, name, stage.index);
  if (earlier !== undefined) return states[earlier.index] ?? unknown;
  return name === 'scratch' ? scratch : unknown;
}

function gone(state: State, instruction: Instruction, stage: Stage, file: Dockerfile, scope: Scope): State {
  try {
    return located(file, instruction, () => {
      for (const from of sourcesOf(instruction)) stageMeant(file.stages, from, stage.index);
      return rehearse(state, instruction, scope);
    });
  } catch (error) {
    if (error instanceof Unknown) return { ...state, variables: withoutThose(state, instruction) };
    throw error;
  }
}

/** What an instruction would have set that could not be gone through: nobody knows it any more. */
function withoutThose({ variables }: State, instruction: Instruction): State['variables'] {
  const names =
    instruction.kind === 'env'
      ? instruction.assignments.map(({ name }) => name.text)
      : instruction.kind === 'arg'
        ? instruction.args.map(({ name }) => name.text)
        : [];
  if (names.some((name) => name.includes('$'))) return new Map();
  return new Map([...variables].filter(([name]) => !names.includes(name)));
}

function located<T>(file: Dockerfile, { range }: Pick<Stage | Instruction, 'range'>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof ImageError ? inFile(error, file, range) : error;
  }
}

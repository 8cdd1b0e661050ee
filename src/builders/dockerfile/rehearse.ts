/**
 * Going through instructions before any of them is carried out: what their variables come to is known as soon as the base image
 * is, and a mistake in line 40 is not to be found when the programs of line 3 have run for an hour.
 * @module
 */
import type { Instruction } from '../../formats/dockerfile/types.ts';
import { configure, type Scope } from './configure.ts';
import { copyWords } from './copy-words.ts';
import { atWorkdir } from './instruction.ts';
import { mountsIn } from './run-step.ts';
import type { State } from './state.ts';

/**
 * The state behind the instruction, but for its files. Pure.
 * @throws ImageError for whatever it is wrong with the instruction, that knows the word it is about
 */
export function rehearse(state: State, instruction: Instruction, scope: Scope): State {
  switch (instruction.kind) {
    case 'run':
      mountsIn(state, instruction, scope);
      return state;
    case 'copy':
    case 'add':
      copyWords(state, instruction, scope);
      return state;
    case 'workdir':
      return atWorkdir(state, instruction, scope);
    default:
      return configure(state, instruction, scope);
  }
}

/** Which stages a stage needs. @module */
import { ImageError } from '../../base/errors.ts';
import { findStage, suggestStage } from '../../formats/dockerfile/parse.ts';
import type { Dockerfile, Instruction, Stage } from '../../formats/dockerfile/types.ts';

/** The stage that `--from` means. @throws ImageError USAGE for a number that is no earlier stage's */
export function stageMeant(stages: readonly Stage[], from: string, before: number): Stage | undefined {
  const found = findStage(stages, from, before);
  if (found !== undefined || !/^\d+$/.test(from)) return found;
  throw new ImageError('USAGE', `--from=${from}: there is no stage ${from} before this one`);
}

/** The last stage, or the one that `--target` names. @throws ImageError NOT_FOUND */
export function targetStage({ stages }: Dockerfile, target: string | undefined): Stage {
  const last = stages.at(-1) as Stage;
  if (target === undefined || target === '') return last;
  const found = findStage(stages, target);
  if (found !== undefined) return found;
  const names = stages.flatMap(({ name }) => name ?? []).join(', ');
  const others = names === '' ? 'the stages have no names: use a number from 0' : `there are ${names}`;
  throw new ImageError('NOT_FOUND', `no stage is called "${target}"`, { hint: suggestStage(stages, target) ?? others });
}

/** What an instruction takes from, stage names and others. */
export function sourcesOf(instruction: Instruction): readonly string[] {
  if (instruction.kind === 'copy') return instruction.from === undefined ? [] : [instruction.from.text];
  return instruction.kind === 'run' ? instruction.mounts.flatMap(({ from }) => from ?? []) : [];
}

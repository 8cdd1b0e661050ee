/** Carrying out one instruction. @module */
import { expandWord } from '../../formats/dockerfile/expand.ts';
import type { Instruction, WorkdirInstruction } from '../../formats/dockerfile/types.ts';
import { diff } from '../../model/diff.ts';
import { TreeEditor } from '../../model/editor.ts';
import { workdirOf, workingDirectory } from './config.ts';
import { configure } from './configure.ts';
import type { StageContext } from './context.ts';
import { resolveOwner } from './copy/owner.ts';
import { makeDirectories } from './copy/place.ts';
import { copyStep } from './copy-step.ts';
import { atWord } from './failure.ts';
import { layerStep } from './layer-step.ts';
import { runStep } from './run-step.ts';
import { environmentIn } from './scope.ts';
import { type State, told } from './state.ts';

/** The state behind the instruction. @throws ImageError */
export async function carryOut(state: State, instruction: Instruction, context: StageContext): Promise<State> {
  switch (instruction.kind) {
    case 'run':
      return (await runStep(state, instruction, context)).state;
    case 'copy':
    case 'add':
      return (await copyStep(state, instruction, context)).state;
    case 'workdir':
      return workdir(state, instruction, context);
    default:
      return configure(state, instruction, context);
  }
}

/** With the working directory that the instruction names. */
export function atWorkdir(
  state: State,
  { path: { text, range } }: WorkdirInstruction,
  scope: Pick<StageContext, 'escape'>,
): State {
  const path = atWord(range, () => expandWord(text, environmentIn(state), { escape: scope.escape }));
  return { ...state, config: { ...state.config, WorkingDir: workdirOf(state.config, path) } };
}

/** Makes the directory, of the user that the config names. */
async function workdir(state: State, instruction: WorkdirInstruction, context: StageContext): Promise<State> {
  const after = atWorkdir(state, instruction, context);
  const directory = workingDirectory(after.config);
  const text = `WORKDIR ${after.config.WorkingDir}`;
  if (directory === '/') return told(after, text);
  const { settings, ports } = context;
  const user = state.config.User ?? '';
  const make = async () => {
    const below = await state.tree();
    const owner = user === '' ? { uid: 0, gid: 0 } : await resolveOwner(below, user, ports.warn);
    const editor = new TreeEditor(below);
    const meta = { mode: 0o755, ...owner };
    makeDirectories(editor, directory, { kind: 'dir', meta, mtime: settings.clock.time, mtimeNs: 0 });
    return { changes: diff(below, editor.done()), [Symbol.asyncDispose]: async () => undefined };
  };
  const inputs = ['workdir', directory, user];
  const { fresh, anticipate } = context;
  const step = { text, inputs, fresh, anticipate, make };
  return (await context.step(instruction.source, () => layerStep(after, step, ports, settings.clock))).state;
}

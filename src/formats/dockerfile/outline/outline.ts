/** What one can give to the build of a target, for `build --call=outline`: arguments, secrets, agents. @module */
import { ImageError } from '../../../base/errors.ts';
import { expandWord } from '../expand.ts';
import { findStage, suggestStage } from '../parse.ts';
import type { ArgInstruction, Dockerfile, Instruction, MountFlag, Range, Stage, Word } from '../types.ts';
import { descriptionOf } from './describe.ts';

export interface Outline {
  readonly name: string | undefined;
  readonly description: string | undefined;
  /** Each in the order of the file. */
  readonly args: readonly OutlineArg[];
  readonly secrets: readonly OutlineMount[];
  readonly ssh: readonly OutlineMount[];
}

export interface OutlineArg {
  readonly name: string;
  /** Of `--build-arg`, else its default; undefined where it has none. */
  readonly value: string | undefined;
  readonly description: string | undefined;
  readonly range: Range;
}

export interface OutlineMount {
  readonly id: string;
  readonly isRequired: boolean;
  readonly range: Range;
}

export interface OutlineOptions {
  readonly target?: string | undefined;
  readonly buildArgs: ReadonlyMap<string, string>;
}

/** Of the target and all stages that it needs. @throws ImageError NOT_FOUND where there is no such target */
export function outlineOf(file: Dockerfile, options: OutlineOptions): Outline {
  const target = targetOf(file, options.target);
  const globals = globalArgs(file, options);
  const stages = neededStages(file, target, globals);
  const instructions = stages.flatMap((stage) => stage.instructions);
  const mounts = (type: string, fallback?: string) => mountsOf(instructions, type, fallback);
  return {
    name: target.name,
    description: descriptionOf(target.comments, target.name ?? ''),
    args: argsOf(stages, globals, options),
    secrets: mounts('secret'),
    ssh: mounts('ssh', 'default'),
  };
}

function targetOf({ stages }: Dockerfile, name: string | undefined): Stage {
  const found = name === undefined || name === '' ? stages.at(-1) : findStage(stages, name);
  if (found !== undefined) return found;
  const hint = suggestStage(stages, name ?? '') ?? 'pare build --call=targets lists the stages';
  throw new ImageError('NOT_FOUND', `no stage is called "${name}"`, { hint });
}

interface GlobalArg {
  readonly arg: OutlineArg;
  /** Names that its default speaks of. */
  readonly uses: ReadonlySet<string>;
}

type Globals = ReadonlyMap<string, GlobalArg>;

/** Arguments above the first FROM; a later one of the same name takes the place of an earlier one. */
function globalArgs(file: Dockerfile, { buildArgs }: OutlineOptions): Globals {
  const globals = new Map<string, GlobalArg>();
  for (const instruction of file.globalArgs) {
    for (const [i, arg] of readArgs(instruction, buildArgs, (name) => globals.get(name)?.arg.value).entries()) {
      const value = instruction.args[i]?.value;
      globals.set(arg.name, { arg, uses: value === undefined ? new Set() : namesIn(value, globals) });
    }
  }
  return globals;
}

function readArgs(
  { args, comments, range }: ArgInstruction,
  buildArgs: ReadonlyMap<string, string>,
  known: (name: string) => string | undefined,
): readonly OutlineArg[] {
  return args.map(({ name: { text: name }, value }) => ({
    name,
    value: buildArgs.get(name) ?? (value === undefined ? undefined : expanded(value, known)),
    description: descriptionOf(comments, name),
    range,
  }));
}

/** What cannot be expanded stays as it is: the build will refuse it. */
function expanded({ text }: Word, known: (name: string) => string | undefined): string {
  try {
    return expandWord(text, known);
  } catch (error) {
    if (error instanceof ImageError) return text;
    throw error;
  }
}

function neededStages({ stages }: Dockerfile, target: Stage, globals: Globals): readonly Stage[] {
  const needed = new Set<Stage>();
  const todo = [target];
  for (let stage = todo.pop(); stage !== undefined; stage = todo.pop()) {
    if (needed.has(stage)) continue;
    needed.add(stage);
    const base = expanded(stage.base, (name) => globals.get(name)?.arg.value);
    for (const name of [...(/^\d+$/.test(base) ? [] : [base]), ...stage.instructions.flatMap(sourcesOf)]) {
      const found = findStage(stages, name, stage.index);
      if (found !== undefined) todo.push(found);
    }
  }
  return [...needed].sort((a, b) => a.index - b.index);
}

function sourcesOf(instruction: Instruction): readonly string[] {
  if (instruction.kind === 'copy') return instruction.from === undefined ? [] : [instruction.from.text];
  return instruction.kind === 'run' ? instruction.mounts.flatMap(({ from }) => from ?? []) : [];
}

function argsOf(stages: readonly Stage[], globals: Globals, { buildArgs }: OutlineOptions): readonly OutlineArg[] {
  const found = new Map<string, OutlineArg>();
  const takeGlobal = (name: string) => {
    const global = globals.get(name);
    if (global === undefined || found.has(name)) return;
    found.set(name, global.arg);
    for (const used of global.uses) takeGlobal(used);
  };
  for (const stage of stages) {
    for (const word of [stage.base, stage.platform].filter((one) => one !== undefined)) {
      for (const name of namesIn(word, globals)) takeGlobal(name);
    }
    for (const instruction of stage.instructions) {
      if (instruction.kind !== 'arg') continue;
      const own = readArgs(instruction, buildArgs, (name) => found.get(name)?.value);
      for (const [i, arg] of own.entries()) {
        if (instruction.args[i]?.value === undefined) takeGlobal(arg.name);
        if (!found.has(arg.name)) found.set(arg.name, arg);
      }
    }
  }
  return [...found.values()].sort((a, b) => a.range.start.line - b.range.start.line);
}

/** Variables that the word speaks of. */
function namesIn(word: Word, globals: Globals): ReadonlySet<string> {
  const names = new Set<string>();
  expanded(word, (name) => {
    names.add(name);
    return globals.get(name)?.arg.value;
  });
  return names;
}

function mountsOf(instructions: readonly Instruction[], type: string, fallback?: string): readonly OutlineMount[] {
  const found = new Map<string, OutlineMount>();
  for (const instruction of instructions) {
    if (instruction.kind !== 'run') continue;
    for (const mount of instruction.mounts) {
      const value = (...keys: string[]) => mount.fields.find(({ key }) => keys.includes(key));
      if (value('type')?.value !== type) continue;
      const id = value('id')?.value ?? nameOfTarget(mount) ?? fallback;
      const required = value('required');
      const isRequired = required !== undefined && (required.value ?? 'true') === 'true';
      if (id !== undefined && !found.has(id)) found.set(id, { id, isRequired, range: instruction.range });
    }
  }
  return [...found.values()];
}

/** A secret without an id goes by the name of its file. */
function nameOfTarget({ fields }: MountFlag): string | undefined {
  if (fields.some(({ key, value }) => key === 'type' && value === 'ssh')) return undefined;
  const target = fields.find(({ key }) => key === 'target' || key === 'dst' || key === 'destination')?.value;
  return target?.split('/').at(-1);
}

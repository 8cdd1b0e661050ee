/**
 * The stages that the result consists of, as a list of steps: what a layer of a stage beside them leaves behind is in no image.
 * @module
 */
import { cleanPath, joinPath } from '../../../../base/path.ts';
import { type SimpleCommand, simpleCommand, simpleCommands } from '../../../shell/simple.ts';
import { heredocContent, runScript } from '../../heredoc.ts';
import { findStage } from '../../parse.ts';
import type {
  AddInstruction,
  CopyInstruction,
  Dockerfile,
  EnvInstruction,
  Instruction,
  Range,
  RunInstruction,
  Stage,
} from '../../types.ts';
import { globalsOf } from '../from.ts';
import type { Report } from '../report.ts';
import { expandOrNothing, Variables } from '../variables.ts';
import { once } from './once.ts';

export interface SizeOptions {
  /** The stage that is wanted; default the last. */
  readonly target?: string | undefined;
  /** Of `--build-arg`. */
  readonly buildArgs?: ReadonlyMap<string, string>;
  /** Whether the layers become one: then it does not matter which of them removes what. */
  readonly squash?: boolean;
}

/** One instruction that makes a layer. */
export type SizeStep = RunStep | CopyStep;

interface Common {
  /** Its place among all steps, from 0. */
  readonly index: number;
  readonly stage: Stage;
  readonly environment: ReadonlyMap<string, string>;
  /** Undefined where the file does not tell. */
  readonly directory: string | undefined;
}

export interface RunStep extends Common {
  readonly kind: 'run';
  readonly instruction: RunInstruction;
  readonly commands: readonly SimpleCommand[];
  /** Paths that are mounts during the step: nothing of them is in the layer. */
  readonly mounted: readonly string[];
}

export interface CopyStep extends Common {
  readonly kind: 'copy';
  readonly instruction: CopyInstruction | AddInstruction;
  /** As far as they can be told, absolute and clean: what it made. */
  readonly made: readonly string[];
}

/** What the checks of size look at. */
export interface SizeContext {
  readonly file: Dockerfile;
  /** The last one is what is built; those before are what it stands on, lowest first. */
  readonly stages: readonly Stage[];
  readonly steps: readonly SizeStep[];
  /** What the lowest stage stands on, arguments filled in; undefined where that is not known. */
  readonly base: string | undefined;
  readonly options: SizeOptions;
  readonly report: Report;
}

export async function sizeContext(file: Dockerfile, options: SizeOptions, report: Report): Promise<SizeContext> {
  const globals = globalsOf(file, options.buildArgs ?? new Map());
  const baseOf = ({ base }: Stage) => expandOrNothing(base.text, { variables: globals }, file.directives.escape);
  const stages: Stage[] = [];
  let at = options.target === undefined ? file.stages.at(-1) : findStage(file.stages, options.target);
  while (at !== undefined) {
    stages.unshift(at);
    const name = baseOf(at);
    at = name === undefined || /^\d+$/.test(name) ? undefined : findStage(file.stages, name, at.index);
  }
  const [lowest] = stages;
  const steps = await stepsOf(file, stages, options);
  return { file, stages, steps, base: lowest && baseOf(lowest), options, report };
}

/** What is known while the stages are walked through. */
interface Walk {
  readonly variables: Variables;
  readonly environment: Map<string, string>;
  directory: string | undefined;
}

/** Docker gives up at 127 layers: a file with more steps than this is none that anybody builds, and each is compared with each. */
const MOST_STEPS = 500;

async function stepsOf(file: Dockerfile, stages: readonly Stage[], options: SizeOptions): Promise<SizeStep[]> {
  const steps: SizeStep[] = [];
  const walk: Walk = { variables: new Variables([]), environment: new Map(), directory: undefined };
  for (const stage of stages) {
    if (stage.base.text === 'scratch') walk.directory = '/';
    for (const instruction of stage.instructions) {
      if (steps.length === MOST_STEPS) return steps;
      const step = await stepOf(file, instruction, stage, steps.length, walk);
      if (step !== undefined) steps.push(step);
      learn(file, instruction, walk, options);
    }
  }
  return steps;
}

async function stepOf(
  { directives }: Dockerfile,
  instruction: Instruction,
  stage: Stage,
  index: number,
  { variables, environment, directory }: Walk,
): Promise<SizeStep | undefined> {
  const expand = (text: string) => expandOrNothing(text, { variables }, directives.escape);
  const common = { index, stage, directory, environment: new Map(environment) };
  if (instruction.kind === 'run') {
    const mounted = instruction.mounts.flatMap(({ fields }) => {
      const target = fields.find(({ key }) => key === 'target' || key === 'dst' || key === 'destination')?.value;
      return (target === undefined ? undefined : pathOf(expand(target), directory)) ?? [];
    });
    return { ...common, kind: 'run', instruction, commands: await commandsOf(instruction), mounted };
  }
  if (instruction.kind !== 'copy' && instruction.kind !== 'add') return undefined;
  return { ...common, kind: 'copy', instruction, made: madeBy(instruction, expand, directory) };
}

async function commandsOf(run: RunInstruction): Promise<readonly SimpleCommand[]> {
  const { command, heredocs } = run;
  if (command.form === 'shell') return simpleCommands(heredocs.length === 0 ? command.script.text : scriptOf(run));
  const words = command.args.map(({ text }) => text);
  const script =
    /^(?:.*\/)?(?:ba|da|a|k)?sh$/.test(words[0] ?? '') && /^-\w*c$/.test(words[1] ?? '') ? words[2] : undefined;
  if (script !== undefined) return simpleCommands(script);
  return [simpleCommand(words) ?? []].flat();
}

/** What a shell reads; a script that is for another interpreter tells nothing. */
function scriptOf(run: RunInstruction): string {
  const [only] = run.heredocs;
  const content = only === undefined ? '' : heredocContent(only);
  if (content.startsWith('#!') && !/^#!\S*(?:\/env )?\S*sh\b/.test(content)) return '';
  return runScript(run);
}

function madeBy(
  { sources, destination, ...files }: CopyInstruction | AddInstruction,
  expand: (text: string) => string | undefined,
  directory: string | undefined,
): readonly string[] {
  const written = expand(destination.text);
  const path = pathOf(written, directory);
  if (written === undefined || path === undefined) return [];
  const isDirectory = /(?:^|\/)\.?$/.test(written) || sources.length > 1;
  const made: string[] = [];
  for (const source of sources) {
    const text = source.kind === 'path' ? expand(source.word.text) : source.heredoc.name;
    const name = nameOf(text, files.kind === 'add');
    // The contents of a directory are what is copied, and a directory of its own is what they come into.
    if (name === '') made.push(path);
    else if (name !== undefined) made.push(isDirectory ? joinPath(path, name) : path);
  }
  return made.filter((one) => one !== '/');
}

/** Last name of a source; nothing where it is a directory for sure, undefined where it cannot be told. */
function nameOf(text: string | undefined, isAdd: boolean): string | undefined {
  if (text === undefined) return undefined;
  // What ADD unpacks has other names.
  if (isAdd && !/^https?:/.test(text) && /\.(?:tar|tgz|tbz2?|txz|tar\.\w+)$/.test(text)) return undefined;
  if (/(?:^|\/)\.{0,2}$/.test(text)) return '';
  const name =
    text
      .replace(/^https?:\/\/[^/]*|[?#].*$/g, '')
      .split('/')
      .at(-1) ?? '';
  return name;
}

/** Absolute and clean, where that is known. */
export function pathOf(text: string | undefined, directory: string | undefined): string | undefined {
  if (text === undefined || text.includes('$')) return undefined;
  if (text.startsWith('~')) return cleanPath(text.replace(/^~/, '/root'));
  if (text.startsWith('/')) return cleanPath(text);
  return directory === undefined ? undefined : joinPath(directory, text);
}

function learn({ directives }: Dockerfile, instruction: Instruction, walk: Walk, options: SizeOptions): void {
  const { variables } = walk;
  const expand = (text: string) => expandOrNothing(text, { variables }, directives.escape);
  if (instruction.kind === 'workdir') walk.directory = pathOf(expand(instruction.path.text), walk.directory);
  else if (instruction.kind === 'env') learnEnvironment(instruction, expand, walk);
  else if (instruction.kind === 'arg') {
    for (const { name, value } of instruction.args) {
      const known = options.buildArgs?.get(name.text) ?? (value === undefined ? undefined : expand(value.text));
      if (known !== undefined && variables.get(name.text) === undefined) variables.set(name.text, known);
    }
  }
}

function learnEnvironment(
  { assignments }: EnvInstruction,
  expand: (text: string) => string | undefined,
  { variables, environment }: Walk,
): void {
  for (const { name, value } of assignments) {
    const text = expand(value.text) ?? '';
    variables.set(name.text, text);
    environment.set(name.text, text);
  }
}

const linesOf = once(({ text }: Dockerfile): readonly string[] => text.split('\n'));

/** The lines of the instruction in which the command stands; the whole of it where that is not to be found. */
export function placeOf(file: Dockerfile, { range }: Instruction, { name, args }: SimpleCommand): Range {
  const lines = linesOf(file);
  const [first = ''] = args.filter((arg) => /^[\w./~-]+$/.test(arg));
  const word = (one: string) => new RegExp(`(?<![\\w./-])${one.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')}(?![\\w.-])`);
  const has = (line: number, ...words: string[]) => words.every((one) => word(one).test(lines[line - 1] ?? ''));
  const numbers = Array.from({ length: range.end.line - range.start.line + 1 }, (_, i) => range.start.line + i);
  const line =
    (first === '' ? undefined : numbers.find((one) => has(one, name, first))) ?? numbers.find((one) => has(one, name));
  if (line === undefined) return range;
  const found = lines[line - 1] ?? '';
  const column = found.search(word(name)) + 1;
  return { start: { line, column }, end: { line, column: found.trimEnd().length + 1 } };
}

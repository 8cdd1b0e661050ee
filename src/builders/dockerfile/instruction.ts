/** Carrying out one instruction. @module */
import { assertNever } from '../../base/assert.ts';
import { ImageError } from '../../base/errors.ts';
import { isSignal, SIGNAL_HINT } from '../../base/signals.ts';
import { expandWord, expandWords } from '../../formats/dockerfile/expand.ts';
import { parsePorts } from '../../formats/dockerfile/ports.ts';
import type {
  ArgInstruction,
  Assignment,
  Command,
  HealthcheckInstruction,
  Instruction,
  Word,
  WorkdirInstruction,
} from '../../formats/dockerfile/types.ts';
import type { Healthcheck } from '../../formats/oci/types.ts';
import { diff } from '../../model/diff.ts';
import { TreeEditor } from '../../model/editor.ts';
import {
  shellOf,
  withCommand,
  withEntrypoint,
  withEnv,
  withHealthcheck,
  withLabels,
  withPorts,
  withVolumes,
  workdirOf,
  workingDirectory,
} from './config.ts';
import type { StageContext } from './context.ts';
import { resolveOwner } from './copy/owner.ts';
import { makeDirectories } from './copy/place.ts';
import { copyStep } from './copy-step.ts';
import { healthcheckText, plainList, quotedList } from './history.ts';
import { layerStep } from './layer-step.ts';
import { runStep } from './run-step.ts';
import { environmentIn, withVariables } from './scope.ts';
import { type State, told } from './state.ts';

/** The state behind the instruction. @throws ImageError */
export async function carryOut(state: State, instruction: Instruction, context: StageContext): Promise<State> {
  const expand = ({ text }: Word) => expandWord(text, environmentIn(state), { escape: context.escape });
  const pairs = (all: readonly Assignment[]) => all.map(({ name, value }) => [expand(name), expand(value)] as const);
  const { config } = state;
  const say = (text: string, changed: State['config'] = config) => told({ ...state, config: changed }, text);
  switch (instruction.kind) {
    case 'run':
      return (await runStep(state, instruction, context)).state;
    case 'copy':
    case 'add':
      return (await copyStep(state, instruction, context)).state;
    case 'workdir':
      return workdir(state, expand(instruction.path), instruction, context);
    case 'arg':
      return declare(state, instruction, context);
    case 'env': {
      const set = pairs(instruction.assignments);
      const variables = withVariables(state.variables, set);
      return { ...say(`ENV ${joined(set)}`, withEnv(config, set)), variables };
    }
    case 'label': {
      const set = pairs(instruction.assignments);
      return say(`LABEL ${joined(set)}`, withLabels(config, set));
    }
    case 'expose': {
      const words = instruction.ports.flatMap(({ text }) =>
        expandWords(text, environmentIn(state), { escape: context.escape }),
      );
      const ports = parsePorts(words);
      return say(`EXPOSE ${plainList(ports)}`, withPorts(config, ports));
    }
    case 'volume': {
      const paths = instruction.paths.map(expand);
      if (paths.includes('')) throw new ImageError('INVALID', 'VOLUME wants a path, and this one is empty');
      return say(`VOLUME ${plainList(paths)}`, withVolumes(config, paths));
    }
    case 'user': {
      const User = expand(instruction.user);
      return say(`USER ${User}`, { ...config, User });
    }
    case 'stopsignal': {
      const StopSignal = expand(instruction.signal);
      if (!isSignal(StopSignal)) {
        throw new ImageError('INVALID', `STOPSIGNAL ${StopSignal}: there is no such signal`, { hint: SIGNAL_HINT });
      }
      return say(`STOPSIGNAL ${StopSignal}`, { ...config, StopSignal });
    }
    case 'shell': {
      const Shell = instruction.args.map(({ text }) => text);
      return say(`SHELL ${plainList(Shell)}`, { ...config, Shell });
    }
    case 'cmd': {
      const args = argsOf(state, instruction.command);
      return { ...say(`CMD ${quotedList(args)}`, withCommand(config, args)), ownCommand: true };
    }
    case 'entrypoint': {
      const args = argsOf(state, instruction.command);
      return say(`ENTRYPOINT ${quotedList(args)}`, withEntrypoint(config, args, state.ownCommand));
    }
    case 'healthcheck': {
      const check = healthcheckOf(instruction);
      return say(`HEALTHCHECK ${healthcheckText(check)}`, withHealthcheck(config, check));
    }
    case 'onbuild': {
      const OnBuild = [...(config.OnBuild ?? []), instruction.trigger.text];
      // BuildKit's history says nothing of it.
      return { ...state, config: { ...config, OnBuild } };
    }
    case 'maintainer': {
      const author = instruction.maintainer.text;
      return { ...say(`MAINTAINER ${author}`), author };
    }
    default:
      return assertNever(instruction);
  }
}

function joined(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${name}=${value}`).join(' ');
}

function argsOf({ config }: State, command: Command): readonly string[] {
  return command.form === 'exec' ? command.args.map(({ text }) => text) : [...shellOf(config), command.script.text];
}

/** Of all arguments, a value given on the command line wins; without any, a global one of the same name counts. */
function declare(state: State, { args }: ArgInstruction, { settings, globals, ...context }: StageContext): State {
  let now = state;
  const words: string[] = [];
  for (const { name: word, value } of args) {
    const expand = (text: string) => expandWord(text, environmentIn(now), context);
    const name = expand(word.text);
    const fallback = value === undefined ? undefined : expand(value.text);
    const own = settings.args.get(name) ?? fallback ?? globals.get(name);
    const variables = own === undefined ? now.variables : withVariables(now.variables, [[name, own]]);
    now = { ...now, variables, args: new Map([...now.args, [name, own]]) };
    words.push(own === undefined ? name : `${name}=${own}`);
  }
  return told(now, `ARG ${words.join(' ')}`);
}

function healthcheckOf(instruction: HealthcheckInstruction): Healthcheck {
  const { command, interval, timeout, startPeriod, startInterval, retries } = instruction;
  if (command === undefined) return { Test: ['NONE'] };
  const Test =
    command.form === 'exec' ? ['CMD', ...command.args.map(({ text }) => text)] : ['CMD-SHELL', command.script.text];
  return {
    Test,
    ...(interval > 0 ? { Interval: interval } : {}),
    ...(timeout > 0 ? { Timeout: timeout } : {}),
    ...(startPeriod > 0 ? { StartPeriod: startPeriod } : {}),
    ...(startInterval > 0 ? { StartInterval: startInterval } : {}),
    ...(retries > 0 ? { Retries: retries } : {}),
  };
}

/** Makes the directory, of the user that the config names. */
async function workdir(
  state: State,
  path: string,
  instruction: WorkdirInstruction,
  context: StageContext,
): Promise<State> {
  const WorkingDir = workdirOf(state.config, path);
  const after = { ...state, config: { ...state.config, WorkingDir } };
  const directory = workingDirectory(after.config);
  const text = `WORKDIR ${WorkingDir}`;
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

/** Instructions that change the config and the variables alone. @module */
import { assertNever } from '../../base/assert.ts';
import { ImageError } from '../../base/errors.ts';
import { isSignal, SIGNAL_HINT } from '../../base/signals.ts';
import { expandWord, expandWords } from '../../formats/dockerfile/expand.ts';
import { parsePorts } from '../../formats/dockerfile/ports.ts';
import type {
  AddInstruction,
  ArgInstruction,
  Assignment,
  Command,
  CopyInstruction,
  HealthcheckInstruction,
  Instruction,
  RunInstruction,
  Word,
  WorkdirInstruction,
} from '../../formats/dockerfile/types.ts';
import type { Healthcheck } from '../../formats/oci/types.ts';
import {
  shellOf,
  withCommand,
  withEntrypoint,
  withEnv,
  withHealthcheck,
  withLabels,
  withPorts,
  withVolumes,
} from './config.ts';
import type { StageContext } from './context.ts';
import { atWord } from './failure.ts';
import { healthcheckText, plainList, quotedList } from './history.ts';
import { environmentIn, withVariables } from './scope.ts';
import { type State, told } from './state.ts';

/** Those that may make a layer. */
export type FileInstruction = RunInstruction | CopyInstruction | AddInstruction | WorkdirInstruction;

/** What the words of an instruction are expanded with. */
export type Scope = Pick<StageContext, 'settings' | 'escape' | 'globals'>;

/** The state behind the instruction. @throws ImageError, that knows the word it is about */
export function configure(state: State, instruction: Exclude<Instruction, FileInstruction>, scope: Scope): State {
  const expand = ({ text, range }: Word) =>
    atWord(range, () => expandWord(text, environmentIn(state), { escape: scope.escape }));
  const pairs = (all: readonly Assignment[]) => all.map(({ name, value }) => [expand(name), expand(value)] as const);
  const { config } = state;
  const say = (text: string, changed: State['config'] = config) => told({ ...state, config: changed }, text);
  switch (instruction.kind) {
    case 'arg':
      return declare(state, instruction, scope);
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
      const ports = instruction.ports.flatMap(({ text, range }) =>
        atWord(range, () => parsePorts(expandWords(text, environmentIn(state), { escape: scope.escape }))),
      );
      return say(`EXPOSE ${plainList(ports)}`, withPorts(config, ports));
    }
    case 'volume': {
      const paths = instruction.paths.map((word) => atWord(word.range, () => volumeOf(expand(word))));
      return say(`VOLUME ${plainList(paths)}`, withVolumes(config, paths));
    }
    case 'user': {
      const User = expand(instruction.user);
      return say(`USER ${User}`, { ...config, User });
    }
    case 'stopsignal': {
      const StopSignal = expand(instruction.signal);
      atWord(instruction.signal.range, () => assertSignal(StopSignal));
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

function volumeOf(path: string): string {
  if (path !== '') return path;
  throw new ImageError('INVALID', 'VOLUME wants a path, and this one is empty');
}

function assertSignal(signal: string): void {
  if (isSignal(signal)) return;
  throw new ImageError('INVALID', `STOPSIGNAL ${signal}: there is no such signal`, { hint: SIGNAL_HINT });
}

function joined(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${name}=${value}`).join(' ');
}

function argsOf({ config }: State, command: Command): readonly string[] {
  return command.form === 'exec' ? command.args.map(({ text }) => text) : [...shellOf(config), command.script.text];
}

/** Of all arguments, a value given on the command line wins; without any, a global one of the same name counts. */
function declare(state: State, { args }: ArgInstruction, scope: Scope): State {
  const { settings, globals } = scope;
  let now = state;
  const words: string[] = [];
  for (const { name: word, value } of args) {
    const expand = ({ text, range }: Word) =>
      atWord(range, () => expandWord(text, environmentIn(now), { escape: scope.escape }));
    const name = expand(word);
    const fallback = value === undefined ? undefined : expand(value);
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

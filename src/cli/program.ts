/**
 * The commander tree: global options, groups, help; and the way from arguments to one verb's action.
 * @module
 */
import { styleText } from 'node:util';
import { Command, CommanderError, Option } from 'commander';
import { ImageError } from '../base/errors.ts';
import type { CommandEntry, Context } from './command.ts';
import { COMMANDS } from './commands.ts';
import { STATUS } from './errors.ts';

/** Options that every verb has, before its name or behind it. */
export interface GlobalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
  readonly insecure: boolean;
}

/** Thrown where help was shown: all that is left is the exit status. */
export class CommandLineExit extends Error {
  readonly status: number;
  constructor(status: number) {
    super('help was shown');
    this.status = status;
  }
}

export const GROUPS: Readonly<Record<CommandEntry['group'], string>> = {
  make: 'Make images:',
  look: 'Look into images:',
  run: 'Run images:',
  move: 'Move and keep images:',
  machine: 'This machine and your shell:',
};

const GLOBAL_OPTIONS = 'Global options:';

/** Where commander writes: results and asked-for help to the first, help after a mistake to the second. */
interface Streams {
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
}

type MakeContext = (options: GlobalOptions) => Context;

/**
 * Loads the verb that the arguments name, and no other, and runs it.
 * @throws CommandLineExit where help was shown, ImageError USAGE for a wrong command line, and whatever the verb throws
 */
export async function parseAndRun(args: readonly string[], makeContext: MakeContext, streams: Streams): Promise<void> {
  const wanted = wantedEntry(args);
  const program = await buildProgram((entry) => entry === wanted, makeContext, streams);
  try {
    // "help" of something unknown is answered as the unknown word itself is, with a suggestion.
    const words = wanted === undefined && args[0] === 'help' && args.length > 1 ? args.slice(1) : args;
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    throw error instanceof CommanderError ? fromCommander(error, wanted) : error;
  }
}

/** The tree with the chosen verbs in full and the others by name only. */
export async function buildProgram(
  chosen: (entry: CommandEntry) => boolean,
  makeContext: MakeContext,
  streams: Streams,
): Promise<Command> {
  const program = emptyProgram(streams);
  for (const group of Object.keys(GROUPS)) {
    for (const entry of COMMANDS.filter((one) => one.group === group)) {
      if (entry.hidden === true && !chosen(entry)) continue;
      const command = program.command(entry.name, { hidden: entry.hidden === true });
      command.summary(entry.summary).description(capitalised(entry.summary)).helpGroup(GROUPS[entry.group]);
      if (!chosen(entry)) continue;
      (await entry.load()).configure(command, () => makeContext(globalOptions(program, command)));
      addGlobalOptions(command, entry.runsProgram === true);
    }
  }
  return program;
}

function emptyProgram({ writeOut, writeErr }: Streams): Command {
  const program = new Command('pare')
    .description(
      'Makes container images as small as they can be, keeps them working, and can say why every byte is there.',
    )
    .usage('[options] COMMAND [ARGS…]')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut, writeErr, outputError: () => undefined })
    .configureHelp({
      // The verb alone, whether it is loaded or not.
      subcommandTerm: (command) => (command.name() === 'help' ? 'help [COMMAND]' : command.name()),
      styleTitle: (text) => styleText('bold', text),
      styleCommandText: (text) => styleText('cyan', text),
    })
    .commandsGroup(GROUPS.machine)
    .helpCommand('help [COMMAND]', 'how to use a command')
    .addHelpOption(new Option('-h, --help', 'show this help').helpGroup(GLOBAL_OPTIONS))
    .addHelpText('after', EPILOGUE);
  addGlobalOptions(program, false);
  return program.addOption(new Option('-V, --version', 'print the version').helpGroup(GLOBAL_OPTIONS));
}

const EPILOGUE = `
Examples:
  pare pack redis-server -t redis                the program and all it needs, as an image
  pare run redis --version                       see whether it starts
  pare build -t app .                            an image of a Dockerfile, without a daemon
  pare why redis /lib64/ld-linux-x86-64.so.2     why a file is in it
  pare copy redis docker-archive:redis.tar       hand it to Docker

REF is an image of the store by its name (redis, ghcr.io/me/app:v1), or says where it is: docker://NAME (a registry), oci:DIR,
docker-archive:FILE, docker-daemon:NAME; host:, rootfs:DIR and tar:FILE are root filesystems (docs/references.md).
"pare help COMMAND" says more about each. Exit status: 0 done, 1 the answer is "no", 2 wrong usage, 3 it could not be
done, 130 interrupted (143 ended by SIGTERM), 141 the reader of an archive on stdout left; "run" gives its program's.`;

function addGlobalOptions(command: Command, runsProgram: boolean): void {
  const options = [
    ...(runsProgram ? [] : [new Option('--json', 'print one JSON document (docs/schema)')]),
    new Option('-q, --quiet', 'no progress and no remarks on stderr'),
    new Option('--insecure', 'reach registries without TLS, or with TLS that is not verified'),
    new Option('-D, --debug', 'show where an error comes from'),
  ];
  for (const option of options) {
    const taken = command.options.some(({ long, short }) => long === option.long || (short && short === option.short));
    if (!taken) command.addOption(option.helpGroup(GLOBAL_OPTIONS));
  }
}

/** A verb may have an option of its own by one of these names; then only the place before the verb is the global one. */
function globalOptions(program: Command, command: Command): GlobalOptions {
  const given = (name: keyof GlobalOptions) => {
    const own = command.options.find((option) => option.long === `--${name}`);
    const asGlobal = own?.helpGroupHeading === GLOBAL_OPTIONS && command.getOptionValue(name) === true;
    return asGlobal || program.getOptionValue(name) === true;
  };
  return { json: given('json'), quiet: given('quiet'), debug: given('debug'), insecure: given('insecure') };
}

/** The verb: the first word that is no option, or behind `help` the second. Global options take no values. */
export function wantedEntry(args: readonly string[]): CommandEntry | undefined {
  const [first, second] = args.filter((arg) => !arg.startsWith('-'));
  const name = first === 'help' ? second : first;
  return COMMANDS.find((entry) => entry.name === name);
}

function fromCommander(error: CommanderError, entry: CommandEntry | undefined): Error {
  if (error.exitCode === 0) return new CommandLineExit(STATUS.done);
  if (error.code === 'commander.help') return new CommandLineExit(STATUS.usage);
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /\(Did you mean (.*)\?\)/.exec(rest.join(' '))?.[1];
  const help = `"pare ${entry === undefined ? '--help' : `help ${entry.name}`}" shows the usage`;
  return new ImageError('USAGE', first, {
    hint: suggestion === undefined ? help : `did you mean ${suggestion}? ${help}`,
    cause: error,
  });
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

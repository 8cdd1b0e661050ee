/** `pare run REF [--] ARGS…`: a program of an image, in a sandbox. @module */
import { type Command, Option } from 'commander';
import type { CommandModule } from '../command.ts';
import type { RunFlags } from '../run/run-image.ts';
import { collect } from '../words.ts';

const HELP = `
Behind IMAGE everything belongs to the program, options included. Without ARGS the image's own command runs.

Supplied, whatever the image has there: /etc/resolv.conf, /etc/hosts, /etc/hostname, /dev, /proc, /sys, and /tmp where it
has none. What the program writes is thrown away, except in volumes. Root of the machine or an ordinary user may run it; the
latter needs newuidmap and ranges in /etc/subuid ("pare doctor").

Exit status: the program's; 128 + n where signal n ended it; 127 where there is no such program, 126 where it cannot be
executed, 125 where pare failed.

Examples:
  pare run redis                                       as its image says
  pare run -v "$PWD/data:/data" --read-only redis --save 60 1
  pare run -it --debug redis                           a shell in an image that has none
  pare run --debug=busybox redis ls -l /               with the tools of another image`;

export const run: CommandModule = {
  configure(command, context) {
    command
      .usage('[options] IMAGE [--] [ARGS…]')
      .argument('<image>', 'reference of the image, or of a root filesystem')
      .argument('[args...]', 'arguments of its entry point, in place of its command')
      .passThroughOptions()
      .option('-i, --interactive', 'let the program read this stdin')
      .option('-t, --tty', 'give it a terminal')
      .option('-e, --env <name[=value]>', 'set a variable, or hand on one of this environment', collect)
      .option('-u, --user <user[:group]>', 'run as this user')
      .option('-w, --workdir <dir>', 'start in this directory')
      .option('-v, --volume <src:dst[:ro]>', 'show a file or directory of this machine in it', collect)
      .option('--entrypoint <program>', 'in place of the image’s: a JSON array, one word, or nothing to clear it')
      .addOption(new Option('--network <which>', 'the machine’s, or none').choices(['host', 'none']).default('host'))
      .option('--read-only', 'make its root filesystem read-only')
      .option('--hostname <name>', 'its host name')
      .option('--platform <os/arch>', 'which image of several, where the reference is an index')
      .option('--runtime <program>', 'runc, crun, or a path (default: the first that is there)')
      .option('--rm', 'for habit’s sake: nothing is ever left behind')
      .addOption(debugOption())
      .addHelpText('after', HELP)
      .action(async (image: string, args: string[], flags: RunFlags) => {
        const { runImage } = await import('../run/run-image.ts');
        await runImage(image, args[0] === '--' ? args.slice(1) : args, flags, context());
      });
    withoutSeparateValue(command, '--debug');
  },
};

function debugOption(): Option {
  const option = new Option('--debug [ref]', 'lend a shell and the usual tools, of this machine or of REF');
  option.flags = '--debug[=REF]';
  return option;
}

/** An optional value is given with `=` only: the word behind the bare option is the image. */
function withoutSeparateValue(command: Command, flag: string): void {
  const parse = command.parseOptions.bind(command);
  command.parseOptions = (argv) => {
    const operand = firstOperand(argv, command.options);
    return parse(argv.map((word, i) => (word === flag && i < operand ? `${flag}=` : word)));
  };
}

/** Where the options end. */
function firstOperand(argv: readonly string[], options: readonly Option[]): number {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (!word.startsWith('-') || word === '-' || word === '--') return i;
    if (options.some((option) => option.required && (option.short === word || option.long === word))) i++;
  }
  return argv.length;
}

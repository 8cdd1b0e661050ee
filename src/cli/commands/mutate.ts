/** `pare mutate`: another config over the same layers. @module */
import type { Command } from 'commander';
import { ImageError } from '../../base/errors.ts';
import type { Healthcheck } from '../../formats/oci/types.ts';
import { parsePlatform } from '../../model/platform.ts';
import { openMutation } from '../../operations/mutate.ts';
import { absolute, port, variable } from '../../operations/recipe.ts';
import { stopSignal } from '../../operations/stop-signal.ts';
import { machinePlatform } from '../../system/machine.ts';
import type { Edits } from '../../transforms/mutate/edits.ts';
import type { CommandModule } from '../command.ts';
import { type DerivingOptions, outputOptions, runDeriving } from '../deriving.ts';
import { type HealthOptions, healthcheckOf, moment, unsetField, unsetFields } from '../edits.ts';
import { collect, commandWords, pairs } from '../words.ts';

interface Options extends DerivingOptions, HealthOptions {
  readonly env?: readonly string[];
  readonly label?: readonly string[];
  readonly annotation?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly expose?: readonly string[];
  readonly volume?: readonly string[];
  readonly stopSignal?: string;
  readonly author?: string;
  readonly created?: string;
  readonly setPlatform?: string;
  readonly unset?: readonly string[];
}

const HELP = `
Layers keep their bytes and digests; the config keeps what pare does not know. --unset comes before everything that is set.

Examples:
  pare mutate app -e LOG=debug --label org.example.team=a -t app:debug
  pare mutate app --entrypoint '["/bin/app","--once"]' --unset cmd -o oci:out
  pare mutate app --unset env=SECRET --unset healthcheck --unset label -t app:clean
  pare mutate app --healthcheck 'wget -q localhost' --health-interval 30s -t app:checked`;

export const mutate: CommandModule = {
  configure(command, context) {
    command.argument('<ref>', 'image, or index of several');
    configOptions(command);
    healthOptions(command);
    outputOptions(command);
    command.addHelpText('after', HELP).action(async (reference: string, options: Options) => {
      const edits = editsOf(options);
      if (Object.keys(edits).length === 0) {
        throw new ImageError('USAGE', 'nothing is to be changed', { hint: 'pare copy copies an image as it is' });
      }
      await runDeriving({
        context: context(),
        options,
        reference,
        tag: 'mutated',
        open: (access, time) => openMutation(reference, edits, time, access),
      });
    });
  },
};

function configOptions(command: Command): void {
  command
    .optionsGroup('What changes:')
    .option('-e, --env <name=value>', 'set a variable', collect)
    .option('--label <name=value>', 'set a label', collect)
    .option('--annotation <name=value>', 'set an annotation of the manifest', collect)
    .option('--entrypoint <words>', 'a JSON array, or one word', commandWords)
    .option('--cmd <words>', 'a JSON array, or one word', commandWords)
    .option('--user <user[:group]>', 'user it runs as')
    .option('--workdir <dir>', 'working directory')
    .option('--expose <port[/proto]>', 'declare a port', collect)
    .option('--volume <dir>', 'declare a volume', collect)
    .option('--stop-signal <signal>', 'signal that stops the program')
    .option('--author <text>', 'who made it')
    .option('--created <time>', 'when: RFC 3339, or seconds since 1970')
    .option('--set-platform <os/arch>', 'the platform that the config states')
    .option('--unset <field[=name]>', `remove it, or one name of it: ${unsetFields()}`, collect);
}

function healthOptions(command: Command): void {
  command
    .option('--healthcheck <words>', 'a JSON array, a line for the shell, or NONE')
    .option('--health-interval <time>', 'between checks: 30s, 5m')
    .option('--health-timeout <time>', 'that one may take')
    .option('--health-start-period <time>', 'in which failures do not count')
    .option('--health-retries <count>', 'failures in a row that make it unhealthy');
}

function editsOf(options: Options): Edits {
  const {
    env,
    label,
    annotation,
    entrypoint,
    cmd,
    user,
    workdir,
    expose,
    volume,
    stopSignal: signal,
    author,
  } = options;
  const { created, setPlatform, unset } = options;
  const healthcheck: Healthcheck | undefined = healthcheckOf(options);
  return {
    ...(env && { env: env.map(variable) }),
    ...(label && { labels: pairs(label) }),
    ...(annotation && { annotations: pairs(annotation) }),
    ...(entrypoint && { entrypoint }),
    ...(cmd && { cmd }),
    ...(user !== undefined && { user }),
    ...(workdir !== undefined && { workdir: absolute('--workdir', workdir) }),
    ...(expose && { expose: expose.map(port) }),
    ...(volume && { volumes: volume.map((dir) => absolute('--volume', dir)) }),
    ...(signal !== undefined && { stopSignal: stopSignal(signal) }),
    ...(healthcheck && { healthcheck }),
    ...(author !== undefined && { author }),
    ...(created !== undefined && { created: moment(created) }),
    ...(setPlatform !== undefined && { platform: parsePlatform(setPlatform, machinePlatform()) }),
    ...(unset && { unset: unset.map(unsetField) }),
  };
}

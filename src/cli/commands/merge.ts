/** `pare merge`: several images as one. @module */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { printableName } from '../../base/names.ts';
import { formatPlatform } from '../../model/platform.ts';
import { countFiles, unpackedSize } from '../../model/tree.ts';
import { type MergeOptions, type Merging, openMerging } from '../../operations/merge.ts';
import type { Written } from '../../operations/pack.ts';
import type { Conflict } from '../../transforms/merge/types.ts';
import type { CommandModule, Context } from '../command.ts';
import { STATUS } from '../errors.ts';
import { summaryText } from '../render/packed.ts';
import { collect, commandWords, layerFormOption, sourceDate } from '../words.ts';
import { checkPlaces, printWritten, writesToStdout } from '../written.ts';
import { accessOf } from './inspect.ts';

interface Options extends Omit<MergeOptions, 'references'> {
  readonly platform?: string;
  readonly output?: readonly string[];
  readonly tag?: readonly string[];
}

const HELP = `
Where the images contradict each other, every conflict is listed, nothing is written, and the exit status is 1. A GLOB is matched
against paths (/etc/motd) and fields of the config (Env.LANG); N counts the images from 1. docs/merge.md has all the rules.

Examples:
  pare merge redis curl -t tools
  pare merge app debug --prefer first --entrypoint /bin/sh
  pare merge one two three --prefer '/etc/**=2' --prefer last -o oci:out`;

export const merge: CommandModule = {
  configure(command, context) {
    command
      .argument('<refs...>', 'images or root filesystems')
      .optionsGroup('Where they contradict each other:')
      .option('--prefer <which>', 'first, last, or GLOB=N: what counts; may be repeated', collect);
    configOptions(command);
    command
      .optionsGroup('Where from and where to:')
      .option('--platform <os/arch>', 'which image of several')
      .addOption(layerFormOption('of the layer that is made'))
      .option('-o, --output <ref>', 'write the image there; may be repeated', collect)
      .option('-t, --tag <name>', 'name the image in the store; default "merged"', collect)
      .addHelpText('after', HELP)
      .action(async (references: string[], options: Options) => run(references, options, context()));
  },
};

function configOptions(command: Command): void {
  command
    .optionsGroup('What the image says:')
    .option('--config-from <n>', 'image whose entry point, command, user … it takes over; default 1', imageNumber)
    .option('--entrypoint <words>', 'a JSON array, or one word', commandWords)
    .option('--cmd <words>', 'a JSON array, or one word', commandWords)
    .option('--user <user>', 'user it runs as')
    .option('--workdir <dir>', 'working directory')
    .option('-e, --env <name=value>', 'set a variable', collect);
}

/** From 1 for people, from 0 within. */
function imageNumber(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('it has to be the number of an image, from 1');
  return Number(text) - 1;
}

async function run(references: readonly string[], options: Options, context: Context): Promise<void> {
  const started = performance.now();
  const { platform, output = [], tag = [], ...rest } = options;
  const places = [...output, ...tag];
  checkPlaces(places, context);
  const time = sourceDate(context.env);
  await using merging = await openMerging(
    { ...rest, references, ...(time === undefined ? {} : { time }) },
    accessOf(context, platform),
  );
  const { conflicts } = merging;
  if (conflicts.length > 0) {
    if (context.json) context.printJson({ written: [], conflicts: conflicts.map(documentOf) });
    else {
      const say = places.some(writesToStdout) ? context.note : context.print;
      say(conflicts.map((conflict) => conflictText(conflict, references)).join('\n'));
    }
    context.note(`${conflicts.length} conflicts: nothing is written; --prefer says which image counts`);
    return context.exit(STATUS.no);
  }
  const written: Written[] = [];
  for (const reference of places.length > 0 ? places : ['merged']) {
    written.push(await merging.save(reference, { names: tag, fallbackName: 'merged' }));
  }
  report(merging, written, (performance.now() - started) / 1000, context);
}

function report({ tree, platform }: Merging, written: readonly Written[], seconds: number, context: Context): void {
  const summary = {
    written,
    platform: formatPlatform(platform),
    unpacked: unpackedSize(tree),
    files: countFiles(tree),
    seconds: Number(seconds.toFixed(3)),
    findings: [],
  };
  context.note(summaryText(summary));
  const { findings: _, ...document } = summary;
  printWritten(written, () => ({ ...document, conflicts: [] }), context);
}

function documentOf({ where, item, what, sides, because }: Conflict) {
  return {
    where,
    ...(item === undefined ? {} : { item }),
    what,
    sides,
    ...(because === undefined ? {} : { because }),
  };
}

/** `/etc/motd: content` and below it who has what. */
function conflictText({ where, item, what, sides, because }: Conflict, references: readonly string[]): string {
  const title = [printableName(where), ...(item === undefined ? [] : [item]), what.join(', ')].join(': ');
  const who = (images: readonly number[]) =>
    images.map((image) => `${image} (${printableName(references[image - 1] ?? '')})`).join(', ');
  const lines = sides.map(({ images, has }) => `  in ${who(images)}: ${printableName(has)}`);
  return [title + (because === undefined ? '' : ` (${because})`), ...lines].join('\n');
}

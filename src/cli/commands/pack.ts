/** `pare pack`: programs and all they need, as an image. @module */

import type { Command } from 'commander';
import { countOf } from '../../base/count.ts';
import { ImageError } from '../../base/errors.ts';
import { basename } from '../../base/path.ts';
import { openPacking, type Packing, type Written } from '../../operations/pack.ts';
import type { PackOptions } from '../../operations/recipe.ts';
import { SHELL_LICENCE } from '../../operations/shell.ts';
import type { Packed } from '../../transforms/pack/types.ts';
import type { CommandModule, Context } from '../command.ts';
import { STATUS } from '../errors.ts';
import { localPaths, localPrograms } from '../local.ts';
import { renderFindings } from '../render/findings.ts';
import { leftText, listOf, summaryOf, summaryText } from '../render/packed.ts';
import { bytesText } from '../render/units.ts';
import { collect, commandWords, layerFormOption, pairs, sourceDate } from '../words.ts';
import { checkPlaces, printWritten } from '../written.ts';

interface Options extends Omit<PackOptions, 'programs' | 'args' | 'volumes' | 'labels'> {
  readonly nssNet?: true;
  readonly cert?: true;
  readonly volume?: readonly string[];
  readonly label?: readonly string[];
  readonly output?: readonly string[];
  readonly tag?: readonly string[];
  readonly tarball?: string;
  readonly name?: string;
  readonly z?: true;
  readonly list?: true;
  readonly force?: true;
}

const HELP = `
Examples:
  pare pack redis-server -t redis                        redis as small as its loader allows
  pare pack curl --cert -- -sS https://example.com       certificates in any case; arguments become the command
  pare pack /usr/bin/node --add ./app:/srv -o oci:out    into an OCI layout
  pare pack wrk --from rootfs:/srv/arm64 --list          what would go in, and nothing is written
  pare pack wrk --dest /usr/local/bin --tarball wrk.tar.gz`;

export const pack: CommandModule = {
  configure(command, context) {
    command
      .argument('[programs...]', 'paths in the source, or names in its PATH; behind -- the arguments of the first')
      .usage('[options] PROGRAM… [-- ARGS…]');
    sourceOptions(command);
    contentOptions(command);
    configOptions(command);
    outputOptions(command);
    command.addHelpText('after', HELP).action(async (words: string[], options: Options, self: Command) => {
      const behind = argumentsBehind(self, words);
      await run({ ...split(words, behind), options, context: context() });
    });
  },
};

function sourceOptions(command: Command): void {
  command
    .optionsGroup('Where from:')
    .option('--from <ref>', 'root the programs are taken from', 'host:')
    .option('--base <ref>', 'image below: its files are not added again')
    .option('--platform <os/arch>', "platform of the image; default the first program's");
}

function contentOptions(command: Command): void {
  command
    .optionsGroup('What goes in:')
    .option('-d, --dest <dir>', 'directory the programs are put into; default where they are')
    .option('-a, --add <path[:dest]>', 'add files, directories, globs, and what they need', collect)
    .option('-s, --sodir <dir>', 'directory that added shared objects are put into')
    .option('--exclude <glob>', 'keep these paths out', collect)
    .option('--with <rule>', 'meet also the optional needs this rule knows', collect)
    .option('--without <rule>', 'do not ask this rule', collect)
    .option('--nss-net', 'name resolution in any case: --with nss')
    .option('--cert', 'certificate authorities in any case: --with certificates')
    .option('--suggested', 'take what only some uses want, too')
    .option('--cpu <level>', 'CPU level whose library variants go in: baseline, x86-64-v3, … or all')
    .option('--shell <kind[=ref|path]>', 'add a small shell: busybox, dash or toybox');
}

function configOptions(command: Command): void {
  command
    .optionsGroup('What the image says:')
    .option('--entrypoint <words>', 'a JSON array, or one word; default the first program', commandWords)
    .option('--cmd <words>', 'a JSON array, or one word; default the arguments behind --', commandWords)
    .option('--user <name[:uid[:gid]]>', 'user the image runs as: writes passwd, group and HOME')
    .option('-e, --env <name=value>', 'set a variable', collect)
    .option('--workdir <dir>', 'working directory: made, and owned by the user')
    .option('--volume <dir>', 'declare a volume: made, and owned by the user', collect)
    .option('--expose <port[/proto]>', 'declare a port', collect)
    .option('--label <name=value>', 'set a label', collect)
    .option('--stop-signal <signal>', 'signal that stops the program');
}

function outputOptions(command: Command): void {
  command
    .optionsGroup('Where to:')
    .option('-o, --output <ref>', 'write the image there; may be repeated', collect)
    .option('-t, --tag <name>', 'name the image in the store', collect)
    .addOption(layerFormOption('how the layer is stored (default gzip)'))
    .option('--tarball <file>', 'write the root filesystem as a tar: FILE, FILE.gz or FILE.zst')
    .option('-n, --name <name>', 'the same to NAME.tar, with -z to NAME.tar.gz')
    .option('-z', 'with --name: compress with gzip')
    .option('--list', 'print the files that would go in, and write nothing')
    .option('--force', 'write the image although the check finds errors');
}

/** How many words stand behind `--`: commander hands them over without the mark. */
function argumentsBehind(self: Command, words: readonly string[]): number {
  const raw = self.parent === null ? [] : (self.parent as unknown as { rawArgs: string[] }).rawArgs;
  const mark = raw.indexOf('--');
  return mark < 0 ? 0 : Math.min(raw.length - mark - 1, words.length);
}

function split(words: readonly string[], behind: number) {
  return { programs: words.slice(0, words.length - behind), args: words.slice(words.length - behind) };
}

interface Job {
  readonly programs: readonly string[];
  readonly args: readonly string[];
  readonly options: Options;
  readonly context: Context;
}

async function run(job: Job): Promise<void> {
  const { options, context } = job;
  const started = performance.now();
  if (options.list !== true) checkPlaces(placesOf(options), context);
  const access = { env: context.env, run: context.run, insecure: context.insecure };
  await using packing = await openPacking(packOptions(job), access);
  const { findings } = packing.packed;
  if (options.list === true) return list(packing, context);
  if (packing.packed.shell !== undefined) context.note(shellText(packing.packed.shell));
  if (findings.length > 0) context.note(renderFindings(findings, process.stderr));
  if (options.force !== true && findings.some(({ severity }) => severity === 'error')) {
    context.note('nothing is written, since the image would not work; --force writes it all the same');
    return context.exit(STATUS.no);
  }
  const written = await write(packing, job);
  const summary = summaryOf(packing, written, (performance.now() - started) / 1000);
  context.note(summaryText(summary));
  const left = leftText(packing.packed.closure.notTaken);
  if (left !== undefined) context.note(left);
  printWritten(written, () => summary, context);
}

function shellText({ program: { kind, node }, commands }: NonNullable<Packed['shell']>): string {
  const count = countOf(commands.length, 'command');
  return `${kind}: ${bytesText(node.content.size)}, ${count}, licence ${SHELL_LICENCE[kind]}`;
}

function packOptions({ programs, args, options, context }: Job): PackOptions {
  const { nssNet, cert, volume, label, output, tag, tarball, name, z, list: _, force, ...rest } = options;
  const time = sourceDate(context.env);
  return {
    ...rest,
    programs: localPrograms(rest.from, programs),
    args,
    ...(rest.add === undefined ? {} : { add: rest.add.map(localPaths(rest.from)) }),
    with: [...(rest.with ?? []), ...(nssNet ? ['nss'] : []), ...(cert ? ['certificates'] : [])],
    volumes: volume ?? [],
    labels: pairs(label ?? []),
    ...(time === undefined ? {} : { time }),
  };
}

async function list(packing: Packing, context: Context): Promise<void> {
  const { files } = await packing.evidence();
  if (context.json) context.printJson(listOf(files));
  else for (const { path } of files) context.print(path);
}

async function write(packing: Packing, { options, programs }: Job): Promise<Written[]> {
  const written: Written[] = [];
  const places = placesOf(options);
  const name = nameOf(programs[0] ?? 'packed');
  for (const reference of places.length > 0 ? places : [name]) {
    written.push(await packing.save(reference, { names: options.tag ?? [], fallbackName: name }));
  }
  return written;
}

function placesOf(options: Options): readonly string[] {
  const { output = [], tag = [] } = options;
  return [...tarballs(options).map((file) => `tar:${file}`), ...output, ...tag];
}

function tarballs({ tarball, name, z }: Options): string[] {
  if (z === true && name === undefined) {
    throw new ImageError('USAGE', '-z goes with --name', { hint: 'or write --tarball FILE.tar.gz' });
  }
  return [...(tarball === undefined ? [] : [tarball]), ...(name === undefined ? [] : [`${name}.tar${z ? '.gz' : ''}`])];
}

/** What the image is called where the user gives it no name: as its program, in the letters of repository names. */
function nameOf(program: string): string {
  const name = basename(program)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'packed' : name;
}

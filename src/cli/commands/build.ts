/** `pare build`: an image of a Dockerfile. @module */
import { basename, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { parseReference } from '../../formats/reference/parse.ts';
import { parsePlatform, samePlatform } from '../../model/platform.ts';
import { isSet } from '../../operations/build/arguments.ts';
import { type Building, openBuilding } from '../../operations/build/build.ts';
import type { CacheSource, CacheTarget } from '../../operations/build/cache/options.ts';
import type { BuildOptions } from '../../operations/build/options.ts';
import type { SavedBuild, SaveForm } from '../../operations/build/save.ts';
import { assertWritable } from '../../operations/build/writable.ts';
import type { Written } from '../../operations/pack.ts';
import { machinePlatform } from '../../system/machine.ts';
import { annotations } from '../build/annotations.ts';
import { takeBooleans } from '../build/booleans.ts';
import { cacheSources, cacheTarget } from '../build/cache-words.ts';
import { type Call, callOption } from '../build/call.ts';
import { debugShell } from '../build/debug-shell.ts';
import { type BuildShow, openShow, PROGRESS_KINDS, type ProgressKind } from '../build/events.ts';
import { assertPlatforms, isStdout, type Place, placesOf } from '../build/outputs.ts';
import { refusedOptions } from '../build/refused.ts';
import { prepareFiles, writeFiles } from '../build/result-files.ts';
import {
  agents,
  buildArgs,
  entitlement,
  extraHost,
  labels,
  namedValues,
  network,
  secrets,
  shmSize,
  ulimit,
} from '../build/words.ts';
import type { CommandModule, Context } from '../command.ts';
import { builtDocument, builtText } from '../render/built.ts';
import { collect, sourceDate } from '../words.ts';

interface Flags {
  readonly file?: string;
  readonly target?: string;
  readonly platform?: readonly string[];
  readonly buildArg?: readonly string[];
  readonly buildContext?: readonly string[];
  readonly cache?: boolean;
  readonly noCacheFilter?: readonly string[];
  readonly cacheFrom?: readonly CacheSource[];
  readonly cacheTo?: readonly CacheTarget[];
  readonly pull?: true;
  readonly check?: true;
  readonly call: Call;
  readonly secret?: readonly string[];
  readonly ssh?: readonly string[];
  readonly network: 'host' | 'none';
  readonly addHost?: readonly string[];
  readonly shmSize?: number;
  readonly ulimit?: readonly string[];
  readonly allow?: readonly string[];
  readonly runtime?: string;
  readonly debugShell?: true;
  readonly output?: readonly string[];
  readonly tag?: readonly string[];
  readonly load?: true;
  readonly push?: true;
  readonly squash?: true;
  readonly label?: readonly string[];
  readonly annotation?: readonly string[];
  readonly iidfile?: string;
  readonly metadataFile?: string;
  readonly progress: ProgressKind;
  readonly pack?: readonly string[];
  readonly base?: string;
}

const HELP = `
Examples:
  pare build -t app .                                    as docker build does
  pare build --target build --pack /out/app -t app .     what one stage built, and what it needs, and nothing else
  pare build - < src.tar -o type=tar,dest=- > out.tar    sources in, result out, nothing kept
  pare build --build-context base=oci:dir -o oci:out .   FROM base is the image in dir`;

export const build: CommandModule = {
  configure(command, context) {
    command.argument(
      '[context]',
      'directory; - for a tar or a Dockerfile on stdin; address of a git repository or a tar',
      '.',
    );
    inputOptions(command);
    stepOptions(command);
    outputOptions(command);
    refusedOptions(command);
    takeBooleans(command);
    command.addHelpText('after', HELP).action((directory: string, flags: Flags) => run(directory, flags, context()));
  },
};

/** For options whose value may hold several, between commas. */
const list = (value: string, before: readonly string[] = []) => [...before, ...value.split(',')];

function inputOptions(command: Command): void {
  command
    .optionsGroup('What is built:')
    .option('-f, --file <path>', 'the Dockerfile; - is stdin; default Dockerfile in the context')
    .option('--target <stage>', 'the stage that is wanted; default the last')
    .option('--platform <os/arch>', 'platform of the result; several, between commas, become an index', list)
    .option('--build-arg <name=value>', 'value of an ARG; a name alone takes that of the environment', collect)
    .option(
      '--build-context <name=ref>',
      'directory, address or reference that FROM and --from mean by this name',
      collect,
    )
    .option('--no-cache', 'carry every step out')
    .addOption(noCacheFilter())
    .option(
      '--cache-from <source>',
      'what steps came to elsewhere: type=registry,ref=NAME or NAME, type=local,src=DIRECTORY',
      (value: string, before: readonly CacheSource[] = []) => [...before, ...cacheSources(value)],
    )
    .option(
      '--cache-to <target>',
      'send what steps came to: type=registry,ref=NAME, type=local,dest=DIRECTORY, type=inline; mode=max, mounts=true',
      (value: string, before: readonly CacheTarget[] = []) => [...before, cacheTarget(value)],
    )
    .option(
      '--check',
      'say what is wrong in the Dockerfile, or too large, and build nothing; exit 1: there is something',
    )
    .addOption(callOption())
    .option('--pull', 'ask registries also for images that the store has');
}

/** Not the negation of an option "cache-filter", as which its name would be taken. */
function noCacheFilter(): Option {
  const option = new Option('--no-cache-filter <stage>', 'carry the steps of these stages out').argParser(list);
  option.negate = false;
  return option;
}

function stepOptions(command: Command): void {
  command
    .optionsGroup('What steps see:')
    .option('--secret <id=,src=>', 'file or variable that --mount=type=secret shows', collect)
    .option('--ssh <id[=path]>', 'agent that --mount=type=ssh shows; or files of keys', collect)
    .option('--network <mode>', 'host or none', network, 'host')
    .option('--add-host <name:ip>', 'a line more in /etc/hosts', list)
    .option('--shm-size <bytes>', 'size of /dev/shm', shmSize)
    .option('--ulimit <name=soft[:hard]>', 'limit of resources', collect)
    .option('--allow <entitlement>', 'security.insecure: RUN --security=insecure', list)
    .option('--runtime <name>', 'runc, crun or chroot; default the first that works')
    .option('--debug-shell', 'where a RUN fails, open a shell in what it has left')
    .addOption(new Option('--progress <kind>', 'how it is shown what goes on').choices(PROGRESS_KINDS).default('auto'));
}

function outputOptions(command: Command): void {
  command
    .optionsGroup('Where to:')
    .option('-t, --tag <name>', 'name the image in the store', collect)
    .option(
      '-o, --output <ref>',
      'a reference, a directory, or type=tar,dest=FILE as docker has it; may be repeated',
      collect,
    )
    .option('--load', 'into the Docker daemon, under the names of --tag')
    .option('--push', 'into the registries of --tag')
    .option('--squash', 'one layer of all that were made')
    .option('--label <name=value>', 'set a label', collect)
    .option('--annotation <name=value>', 'annotation of the manifest; index:NAME=VALUE of the index', collect)
    .option('--iidfile <file>', "write the image's id there")
    .option('--metadata-file <file>', 'write what was made there, as JSON')
    .option('--pack <program...>', 'of the result only these programs, and all they need')
    .option('--base <ref>', 'with --pack: image below');
}

async function run(directory: string, flags: Flags, context: Context): Promise<void> {
  const started = performance.now();
  const debug = flags.debugShell === true ? debugShell(context) : undefined;
  using show = await openShow(debug?.progress(flags.progress) ?? flags.progress, context);
  const { env, insecure } = context;
  const access = { env, run: show.run, insecure };
  const plain = optionsOf(directory, flags, context, show);
  const options = debug === undefined ? plain : { ...plain, ...debug.hooks(show) };
  const fallback = nameOf(directory);
  const { tag = [], output = [], load = false, push = false } = flags;
  const places = placesOf({ output, tag, load, push, fallback });
  assertPlatforms(places, options.platforms);
  const call: Call = flags.check === true ? { ...flags.call, method: 'check' } : flags.call;
  if (call.method !== 'build') {
    const { answer } = await import('../build/answer.ts');
    return answer(call, options, context);
  }
  for (const { reference, form } of places) {
    await assertWritable(reference, flags.pack === undefined ? form : formOfPacked(form), access);
  }
  prepareFiles(flags, places);
  await using building = await openBuilding(options, access);
  const written = flags.pack === undefined ? await saveAll(building, places, tag, fallback) : [];
  const packed = flags.pack === undefined ? [] : await packAll(building, flags, places, fallback, access);
  for (const { reference, descriptor } of await building.sendCaches()) {
    context.note(`the cache is in ${printableName(reference)}\n  ${descriptor.digest}`);
  }
  const result = {
    written: [...written, ...packed],
    images: building.images,
    isPacked: flags.pack !== undefined,
    hints: await hintsOf(building, flags, show, context),
    seconds: (performance.now() - started) / 1000,
  };
  show.finish('finished');
  writeFiles(flags, result.written);
  if (flags.progress !== 'rawjson') context.note(builtText(result));
  if (context.json) context.printJson(await builtDocument(result));
  else if (!places.some(({ reference }) => isStdout(reference))) {
    for (const digest of new Set(result.written.flatMap((one) => one.digest ?? []))) context.print(digest);
  }
}

/** Where nothing was done, the user has read them; and what was packed is another image. */
async function hintsOf(building: Building, { pack }: Flags, show: BuildShow, { quiet, json }: Context) {
  return pack === undefined && (json || (!quiet && show.didWork())) ? building.hints() : [];
}

async function saveAll(
  building: Building,
  places: readonly Place[],
  names: readonly string[],
  fallbackName: string,
): Promise<readonly SavedBuild[]> {
  const written: SavedBuild[] = [];
  for (const { reference, form } of places) {
    written.push(await building.save(reference, { ...form, names, fallbackName }));
  }
  return written;
}

async function packAll(
  building: Building,
  { pack: programs = [], base, tag = [], label = [] }: Flags,
  places: readonly Place[],
  fallbackName: string,
  { env, run, insecure }: Pick<Context, 'env' | 'run' | 'insecure'>,
): Promise<readonly Written[]> {
  const time = sourceDate(env);
  const options = {
    programs,
    args: [],
    volumes: [],
    labels: labels(label),
    ...(base === undefined ? {} : { base }),
    ...(time === undefined ? {} : { time }),
  };
  const { openPacking } = await import('../../operations/pack.ts');
  await using packing = await openPacking(options, { env, run, insecure }, await building.root());
  const broken = packing.packed.findings.filter(({ severity }) => severity === 'error');
  if (broken.length > 0) {
    throw new ImageError(
      'FINDINGS',
      `what was packed would not start: ${broken.map(({ message }) => message).join('; ')}`,
    );
  }
  const written: Written[] = [];
  for (const { reference } of places) written.push(await packing.save(reference, { names: tag, fallbackName }));
  return written;
}

function optionsOf(directory: string, flags: Flags, { env }: Context, { report }: BuildShow): BuildOptions {
  const platforms = platformsIn(flags.platform ?? ['local']);
  assertPackable(flags, platforms);
  const args = buildArgs(flags.buildArg ?? [], env);
  const epoch = sourceDate({ SOURCE_DATE_EPOCH: args.get('SOURCE_DATE_EPOCH') ?? env['SOURCE_DATE_EPOCH'] });
  return {
    context: directory,
    file: flags.file,
    target: flags.target,
    platforms,
    isPlatformAsked: flags.platform !== undefined,
    args,
    contexts: namedValues(flags.buildContext ?? [], '--build-context'),
    noCache: flags.cache === false ? 'all' : (flags.noCacheFilter ?? []),
    cacheFrom: flags.cacheFrom ?? [],
    cacheTo: [...(flags.cacheTo ?? []), ...inlineCache(args)],
    pull: flags.pull ?? false,
    secrets: secrets(flags.secret ?? [], env),
    ssh: agents(flags.ssh ?? [], env),
    network: flags.network,
    hostname: args.get('BUILDKIT_SANDBOX_HOSTNAME') ?? 'buildkitsandbox',
    extraHosts: (flags.addHost ?? []).map(extraHost),
    shmSize: flags.shmSize,
    ulimits: (flags.ulimit ?? []).map(ulimit),
    allows: new Set((flags.allow ?? []).map(entitlement)),
    runtime: flags.runtime,
    squash: flags.squash ?? false,
    labels: labels(flags.label ?? []),
    annotations: annotations(flags.annotation ?? []),
    epoch,
    helperCommand: [process.execPath, process.argv[1] ?? '', 'step-helper'],
    report,
  };
}

/** As buildx takes the argument. */
function inlineCache(args: BuildOptions['args']): readonly CacheTarget[] {
  return isSet(args, 'BUILDKIT_INLINE_CACHE') ? [cacheTarget('type=inline')] : [];
}

/** Each once. */
function platformsIn(texts: readonly string[]): readonly Platform[] {
  const all = texts.map((text) =>
    text === 'local' ? machinePlatform() : parsePlatform(text.trim(), machinePlatform()),
  );
  return all.filter((one, i) => all.findIndex((other) => samePlatform(one, other)) === i);
}

/** What is packed is written as `pare pack` writes it. @throws ImageError USAGE for a form that it does not have */
function formOfPacked({ compression }: SaveForm): SaveForm {
  if (compression === undefined) return {};
  throw new ImageError('USAGE', 'compression= does not go with --pack', {
    hint: 'write it without, and then: pare copy --compression FORM',
  });
}

/** @throws ImageError USAGE for what --pack does not go with */
function assertPackable({ pack, base, annotation = [] }: Flags, platforms: readonly Platform[]): void {
  if (pack === undefined) {
    if (base === undefined) return;
    throw new ImageError('USAGE', '--base is the image below what --pack takes', { hint: 'add --pack PROGRAM' });
  }
  if (base !== undefined) parseReference(base);
  if (annotation.length > 0) {
    throw new ImageError('USAGE', '--annotation does not go with --pack', { hint: 'pare mutate --annotation adds it' });
  }
  if (platforms.length === 1) return;
  throw new ImageError('USAGE', '--pack takes the programs of one platform', { hint: 'build one with --platform' });
}

/** Of the directory, in the letters of repository names. */
function nameOf(directory: string): string {
  const name = basename(resolve(directory === '-' ? '.' : directory))
    .toLowerCase()
    .replace(/\.git$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'image' : name;
}

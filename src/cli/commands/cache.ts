/** `pare cache`: what is kept so that the next time is quicker, how much it is, and removing it. @module */
import { Argument, type Command, Option } from 'commander';
import { ImageError } from '../../base/errors.ts';
import { parseBytes, parseDuration } from '../../formats/dockerfile/sizes.ts';
import { cacheUsage, pruneCache } from '../../operations/cache/cache.ts';
import type { CacheFilter } from '../../operations/cache/select.ts';
import { KEPT_KINDS, type KeptKind } from '../../ports/kept.ts';
import type { CommandModule, Context } from '../command.ts';
import { keptDocument, keptText, removedText } from '../render/kept.ts';
import { collect } from '../words.ts';

interface Flags {
  readonly all?: true;
  readonly clear?: true;
  readonly filter?: readonly string[];
  readonly maxUsedSpace?: number;
  readonly keepStorage?: number;
  readonly reservedSpace?: number;
  readonly dryRun?: true;
  readonly verbose?: true;
}

const ACTIONS = ['du', 'prune'] as const;
type Action = (typeof ACTIONS)[number];

const HELP = `
  du       how much is kept, by kind; the default
  prune    without options, what nothing can use any more; with --filter, --max-used-space or --all, what these say. What is in use
           stays, also while builds are running
Filters: type=KIND (${KEPT_KINDS.join(', ')}), id=DIGITS, until=24h or a time (last used before), inuse.

Examples:
  pare cache du --verbose
  pare cache prune --filter until=168h
  pare cache prune --max-used-space 10GB
  pare cache prune --all --filter type=mount`;

export const cache: CommandModule = {
  configure(command, context) {
    command
      .addArgument(new Argument('[action]', `what to do: ${ACTIONS.join(', ')}`).choices(ACTIONS).default('du'))
      .option('-a, --all', 'prune: whatever is not in use')
      .option('--clear', 'the same as prune --all')
      .option('--filter <name=value>', 'only these', collect)
      .option('--max-used-space <bytes>', 'prune: the longest unused, until no more is left', size)
      .addOption(new Option('--keep-storage <bytes>').argParser(size).hideHelp())
      .addOption(new Option('--reserved-space <bytes>').argParser(size).hideHelp())
      .addOption(new Option('-f, --force', 'nothing is asked in any case').hideHelp())
      .option('-n, --dry-run', 'prune: say what would go, and remove nothing')
      .option('-v, --verbose', 'each piece')
      .addHelpText('after', HELP)
      .action((action: Action, flags: Flags, { args }: Command) => {
        const session = context();
        // `--clear` is a word of its own where no action is written; "du" written out never removes anything.
        const isPrune = action === 'prune' || (flags.clear === true && args.length === 0);
        return isPrune ? prune(flags, session) : usage(flags, session);
      });
  },
};

async function usage(flags: Flags, session: Context): Promise<void> {
  const { all, clear, dryRun, maxUsedSpace, keepStorage, reservedSpace, verbose = false } = flags;
  if ([all, clear, dryRun, maxUsedSpace, keepStorage, reservedSpace].some((value) => value !== undefined)) {
    throw new ImageError('USAGE', 'nothing is removed without being asked to', { hint: 'write pare cache prune …' });
  }
  const { dir, kept } = await cacheUsage(filterOf(flags), session);
  if (session.json) session.printJson(keptDocument({ dir, kept }));
  else session.print(keptText(kept, verbose));
}

async function prune(flags: Flags, session: Context): Promise<void> {
  const { maxUsedSpace, keepStorage, reservedSpace, dryRun = false, verbose = false } = flags;
  const keep = maxUsedSpace ?? keepStorage ?? reservedSpace;
  const all = flags.all === true || flags.clear === true;
  const selection = { ...filterOf(flags), dryRun, ...(all ? { all } : {}), ...(keep === undefined ? {} : { keep }) };
  const { dir, kept, removed } = await pruneCache(selection, session);
  if (session.json) return session.printJson({ ...keptDocument({ dir, kept, removed }), dryRun });
  if (removed.length > 0) session.print(keptText(removed, verbose));
  session.note(removedText(removed, dryRun));
}

function size(text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== undefined) return bytes;
  throw new ImageError('USAGE', `"${text}" is no number of bytes`, { hint: 'write one, as in 500m or 10GB' });
}

/** docker's own names of kinds. */
const ALIASES: Readonly<Record<string, KeptKind>> = { 'exec.cachemount': 'mount', 'source.local': 'step' };

function filterOf({ filter: texts = [] }: Flags): CacheFilter {
  let filter: CacheFilter = {};
  for (const text of texts) {
    const [, name, value = ''] = /^([a-z]+)(?:==?(.*))?$/.exec(text) ?? [];
    if (name === 'type') filter = { ...filter, kinds: [...(filter.kinds ?? []), kindOf(value)] };
    else if (name === 'id' && value !== '') filter = { ...filter, ids: [...(filter.ids ?? []), value] };
    else if (name === 'until') filter = { ...filter, until: moment(value) };
    else if (name === 'inuse') filter = { ...filter, inUse: value !== 'false' };
    else throw usageError(text, 'filters are type=KIND, id=DIGITS, until=TIME, inuse');
  }
  return filter;
}

function kindOf(text: string): KeptKind {
  const kind = KEPT_KINDS.find((one) => one === text) ?? ALIASES[text];
  if (kind !== undefined) return kind;
  throw usageError(`type=${text}`, `kinds are ${KEPT_KINDS.join(', ')}`);
}

/** So long ago, or the time itself. */
function moment(text: string): number {
  const nanoseconds = parseDuration(text);
  if (nanoseconds !== undefined) return Date.now() - nanoseconds / 1e6;
  const time = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw usageError(`until=${text}`, 'write until=24h, or a time as 2001-02-03T04:05:06Z');
}

function usageError(filter: string, hint: string): ImageError {
  return new ImageError('USAGE', `--filter ${filter} says nothing`, { hint });
}

/** `pare ls`: what is in an image. @module */
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import { joinPath } from '../../base/path.ts';
import type { EvidenceFile } from '../../model/evidence.ts';
import { resolve } from '../../model/resolve.ts';
import { type Entry, nodeAt, type Tree, walk } from '../../model/tree.ts';
import { openEvidence } from '../../operations/evidence.ts';
import { openRoot } from '../../sources.ts';
import type { CommandModule, Context } from '../command.ts';
import { modeText, timeText } from '../render/modes.ts';
import { reasonText } from '../render/reasons.ts';
import { type Column, table } from '../render/table.ts';

interface Options {
  readonly l?: true;
  readonly recursive?: true;
  readonly why?: true;
}

interface Listing {
  readonly entries: readonly Entry[];
  /** By path; empty without --why. */
  readonly reasons: ReadonlyMap<string, EvidenceFile>;
}

export const ls: CommandModule = {
  configure(command, context) {
    command
      .argument('<ref>', 'image, or root filesystem')
      .argument('[path]', 'directory or file in it', '/')
      .option('-l', 'mode, owner, size, time, and where links lead')
      .option('-R, --recursive', 'everything below, too')
      .option('--why', 'the first reason why each is there')
      .action(async (reference: string, path: string, options: Options) => {
        const session = context();
        const listing = await read(reference, path, options, session);
        if (session.json) return session.printJson({ entries: listing.entries.map((entry) => jsonOf(entry, listing)) });
        if (listing.entries.length > 0) session.print(textOf(listing, options));
      });
  },
};

async function read(
  reference: string,
  path: string,
  options: Options,
  { env, run, insecure }: Context,
): Promise<Listing> {
  const access = { env, run, insecure };
  if (options.why === true) {
    await using explained = await openEvidence(reference, access);
    const reasons = new Map(explained.evidence.files.map((file) => [file.path, file]));
    return { entries: entriesAt(explained.tree, reference, path, options), reasons };
  }
  await using root = await openRoot(reference, access);
  return { entries: entriesAt(await root.tree(), reference, path, options), reasons: new Map() };
}

/** @throws ImageError NOT_FOUND */
function entriesAt(tree: Tree, reference: string, path: string, options: Options): Entry[] {
  const end = resolve(tree, path);
  if (end.kind === 'missing') {
    const led = end.at === path ? '' : `: there is nothing at ${end.at}`;
    throw new ImageError('NOT_FOUND', `${reference} has no ${path}${led}`);
  }
  const node = nodeAt(tree, end.path);
  if (node === undefined || node.kind !== 'dir') return node === undefined ? [] : [{ path: end.path, node }];
  if (options.recursive === true) return [...walk(tree, end.path)].slice(1);
  return node.names.flatMap((name) => {
    const child = joinPath(end.path, name);
    const entry = nodeAt(tree, child);
    return entry === undefined ? [] : [{ path: child, node: entry }];
  });
}

function textOf({ entries, reasons }: Listing, options: Options): string {
  const rows = entries.map(({ path, node }) => {
    const leads = options.l === true && node.kind === 'symlink' ? ` -> ${printableName(node.target)}` : '';
    const reason = reasons.get(path)?.reasons[0];
    const last = [printableName(path) + leads, ...(options.why === true ? [reason ? reasonText(reason) : ''] : [])];
    const size = node.kind === 'file' ? String(node.content.size) : '';
    const owner = `${node.meta.uid}:${node.meta.gid}`;
    return options.l === true ? [modeText(node), owner, size, timeText(node), ...last] : last;
  });
  if (options.l !== true && options.why !== true) return rows.map(([name]) => name).join('\n');
  const long: Column[] = [{ title: 'MODE' }, { title: 'OWNER' }, { title: 'SIZE', align: 'right' }, { title: 'TIME' }];
  return table(
    [...(options.l === true ? long : []), { title: 'PATH' }, ...(options.why === true ? [{ title: 'WHY' }] : [])],
    rows,
  );
}

function jsonOf({ path, node }: Entry, { reasons }: Listing) {
  const { mode, uid, gid } = node.meta;
  const file = reasons.get(path);
  return {
    path,
    kind: node.kind,
    mode,
    uid,
    gid,
    mtime: node.mtime,
    ...(node.kind === 'file' ? { size: node.content.size } : {}),
    ...(node.kind === 'symlink' ? { target: node.target } : {}),
    ...(node.kind === 'char' || node.kind === 'block' ? { major: node.major, minor: node.minor } : {}),
    ...(file === undefined ? {} : { strength: file.strength, reasons: file.reasons }),
  };
}

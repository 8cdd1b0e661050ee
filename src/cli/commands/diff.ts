/** `pare diff`: where two images differ. @module */
import type { z } from 'zod';
import type { Difference } from '../../model/difference.ts';
import type { Node } from '../../model/tree.ts';
import { type DiffSection, diffReferences, type ImageDiff } from '../../operations/diff.ts';
import type { CommandModule } from '../command.ts';
import { STATUS } from '../errors.ts';
import { diffText } from '../render/differences.ts';
import type { diffSchema } from '../schema/diff.ts';
import { accessOf } from './inspect.ts';

interface Options {
  readonly files?: true;
  readonly packages?: true;
  readonly config?: true;
  readonly times?: true;
  readonly platform?: string;
}

const HELP = `
"+" is in B alone, "-" in A alone, "~" in both. Files are compared in kind, mode, owner, attributes, hard links and content, byte by
byte. Sizes are told, and are no difference by themselves. Exit status: 0 nothing differs, 1 something does.

Examples:
  pare diff redis:7 redis:8
  pare diff oci:old oci:new --packages
  pare diff redis rootfs:/srv/root --files --times`;

export const diff: CommandModule = {
  configure(command, context) {
    command
      .argument('<a>', 'image or root filesystem')
      .argument('<b>', 'another')
      .option('--files', 'compare the files; default all three')
      .option('--packages', 'compare the packages: names and versions; default where both tell')
      .option('--config', 'compare the configs; default where both are images')
      .option('--times', 'times of modification and of creation count as well')
      .option('--platform <os/arch>', 'which image of several')
      .addHelpText('after', HELP)
      .action(async (before: string, after: string, options: Options) => {
        const session = context();
        const { times = false, platform } = options;
        const sections = (['files', 'packages', 'config'] satisfies DiffSection[]).filter((name) => options[name]);
        const wanted = { times, ...(sections.length === 0 ? {} : { sections }) };
        const found = await diffReferences(before, after, wanted, accessOf(session, platform));
        if (session.json) session.printJson(documentOf(before, after, found));
        else if (!found.same) session.print(diffText(found));
        if (!found.same) session.exit(STATUS.no);
      });
  },
};

function documentOf(before: string, after: string, found: ImageDiff): z.infer<typeof diffSchema> {
  const { same, files, packages, config, sizes } = found;
  return {
    before,
    after,
    same,
    ...(files === undefined ? {} : { files: files.map(fileOf) }),
    ...(packages === undefined
      ? {}
      : { packages: packages.map((one) => ({ ...one, before: [...one.before], after: [...one.after] })) }),
    ...(config === undefined ? {} : { config: config.map((one) => ({ ...one })) }),
    sizes,
  };
}

function fileOf({ path, before, after, aspects }: Difference) {
  return {
    path,
    ...(before === undefined ? {} : { before: nodeOf(before) }),
    ...(after === undefined ? {} : { after: nodeOf(after) }),
    aspects: [...aspects],
  };
}

function nodeOf(node: Node) {
  const { mode, uid, gid, xattrs } = node.meta;
  const attributes = [...(xattrs ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    kind: node.kind,
    mode,
    uid,
    gid,
    mtime: node.mtime,
    mtimeNs: node.mtimeNs,
    ...(attributes.length === 0
      ? {}
      : { xattrs: Object.fromEntries(attributes.map(([name, value]) => [name, Buffer.from(value).toString('hex')])) }),
    ...(node.kind === 'file' ? { size: node.content.size } : {}),
    ...(node.kind === 'symlink' ? { target: node.target } : {}),
    ...('major' in node ? { major: node.major, minor: node.minor } : {}),
  };
}

/** `pare why`: the chain of reasons from a file down to the program. @module */
import { countOf } from '../../base/count.ts';
import { printableName } from '../../base/names.ts';
import { why as explain, type WhyAnswer } from '../../operations/why.ts';
import type { CommandModule } from '../command.ts';
import { fileLine, renderChain } from '../render/reasons.ts';

const HELP = `
Examples:
  pare why redis /usr/lib/x86_64-linux-gnu/libcap.so.2
  pare why oci:out /etc/nsswitch.conf --all`;

/** More lines about one directory say less. */
const FILES_SHOWN = 20;
const REASONS_SHOWN = 5;

export const why: CommandModule = {
  configure(command, context) {
    command
      .argument('<ref>', 'image, or root filesystem')
      .argument('<path>', 'path in it')
      .option('--all', 'every reason of every file on the way, not only the strongest')
      .addHelpText('after', HELP)
      .action(async (reference: string, path: string, { all = false }: { all?: boolean }) => {
        const { json, print, printJson, note, run, env, insecure } = context();
        const answer = await explain(reference, path, { all }, { env, run, insecure });
        if (json) return printJson(answer);
        if (!answer.travelled) {
          note('no evidence travels with it: these are the reasons that its own programs give');
        }
        print(answerText(answer, all));
      });
  },
};

function answerText({ path, through, chains, below }: WhyAnswer, all: boolean): string {
  const links = through.length === 0 ? [] : [`${printableName(path)} leads through the link ${through.join(', ')} to`];
  const most = all ? Number.POSITIVE_INFINITY : REASONS_SHOWN;
  if (chains.length > 0) return [...links, ...chains.map((chain) => renderChain(chain, most))].join('\n');
  if (below.length === 0) return `${printableName(path)}: nothing that the image starts asks for it`;
  const more = below.length - FILES_SHOWN;
  return [
    `${printableName(path)}  a directory on the way to ${countOf(below.length, 'file')}:`,
    ...below.slice(0, FILES_SHOWN).map((file) => `  ${fileLine(file)}`),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ].join('\n');
}

/** `pare export`: the root filesystem of an image as a tar. @module */
import { countOf } from '../../base/count.ts';
import { exportRoot } from '../../operations/export.ts';
import type { CommandModule } from '../command.ts';
import { bytesText } from '../render/units.ts';
import { accessOf } from './inspect.ts';

interface Options {
  readonly output: string;
  readonly platform?: string;
}

const HELP = `
The same image gives the same bytes always. A FILE that ends in .gz, .tgz, .zst or .tzst is compressed.

Examples:
  pare export redis | tar -t
  pare export redis -o redis.tar.zst`;

export const exportVerb: CommandModule = {
  configure(command, context) {
    command
      .argument('<ref>', 'image or root filesystem')
      .option('-o, --output <file>', 'file to write; "-" is standard output', '-')
      .option('--platform <os/arch>', 'which image of several')
      .addHelpText('after', HELP)
      .action(async (reference: string, { output, platform }: Options) => {
        const session = context();
        const { entries, size } = await exportRoot(reference, output, accessOf(session, platform));
        if (session.json && output !== '-') session.printJson({ file: output, entries, size });
        else session.note(`${reference}: ${countOf(entries, 'entry', 'entries')}, ${bytesText(size)}`);
      });
  },
};

/** `pare extract`: the root filesystem of an image in a directory. @module */
import { countOf } from '../../base/count.ts';
import { extract as extractRoot } from '../../operations/extract.ts';
import type { CommandModule } from '../command.ts';
import { bytesText } from '../render/units.ts';
import { accessOf } from './inspect.ts';

interface Options {
  readonly merge?: true;
  readonly force?: true;
  readonly platform?: string;
}

const HELP = `
As root everything is exact: owners, modes, extended attributes (file capabilities too), devices, hard links, times to the
nanosecond. For other users one warning says what could not be set. Nothing is written outside of the directory, and a failure
leaves it as it was. In a directory that is not empty, --merge replaces files one by one, and directories that are there
keep their attributes.

Examples:
  pare extract redis root                      all of it
  pare extract redis . usr/bin etc --merge     some of it, beside what is here
  sudo pare extract oci:out /srv/root          with owners and devices`;

export const extract: CommandModule = {
  configure(command, context) {
    command
      .argument('<ref>', 'image or root filesystem')
      .argument('<dir>', 'directory to write; new or empty')
      .argument('[paths...]', 'what to take; default everything')
      .option('--merge', 'write into a directory that has something in it')
      .option('--force', 'the same, and put away what is of another kind')
      .option('--platform <os/arch>', 'which image of several')
      .addHelpText('after', HELP)
      .action(async (reference: string, directory: string, paths: string[], options: Options) => {
        const session = context();
        const { merge, force, platform } = options;
        const existing = force === true ? 'replace' : merge === true ? 'merge' : 'refuse';
        const request = { reference, directory, paths, existing } as const;
        const { entries, size } = await extractRoot(request, accessOf(session, platform));
        if (session.json) session.printJson({ directory, entries, size });
        else session.note(`${directory}: ${countOf(entries, 'entry', 'entries')}, ${bytesText(size)}`);
      });
  },
};

/** `pare cat`: what files of an image hold. @module */
import { ImageError } from '../../base/errors.ts';
import { cat as catFiles } from '../../operations/cat.ts';
import type { CommandModule } from '../command.ts';
import { STATUS } from '../errors.ts';
import { accessOf } from './inspect.ts';

const HELP = `
Symbolic links are followed inside the image. Exit status: 1 where a path cannot be shown (the others are all the same), 3
where the image cannot be read.

Examples:
  pare cat redis /etc/os-release
  pare cat oci:out /usr/lib/x86_64-linux-gnu/libc.so.6 | sha256sum`;

export const cat: CommandModule = {
  configure(command, context) {
    command
      .argument('<ref>', 'image or root filesystem')
      .argument('<paths...>', 'files in it')
      .option('--platform <os/arch>', 'which image of several')
      .addHelpText('after', HELP)
      .action(async (reference: string, paths: string[], { platform }: { readonly platform?: string }) => {
        const session = context();
        if (session.json) {
          throw new ImageError('USAGE', 'cat prints the bytes of files, and has no JSON form', {
            hint: `pare ls --json ${reference} lists what there is`,
          });
        }
        for await (const part of catFiles(reference, paths, accessOf(session, platform))) {
          if (part.kind === 'bytes') await session.write(part.bytes);
          else {
            session.run.report?.({ type: 'warning', text: `${part.path}: ${part.why}` });
            session.exit(STATUS.no);
          }
        }
      });
  },
};

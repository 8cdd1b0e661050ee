/** `pare pull`: an image from its registry into the store. @module */
import { parsePlatform } from '../../model/platform.ts';
import { pull as pullReference } from '../../operations/pull.ts';
import { machinePlatform } from '../../system/machine.ts';
import type { CommandModule } from '../command.ts';
import { collect } from '../words.ts';

interface Options {
  readonly tag?: string;
  readonly platform?: readonly string[];
}

const HELP = `
Examples:
  pare pull redis:7                              from Docker Hub, all its platforms
  pare pull redis:7 --platform linux/arm64       one of them
  pare pull localhost:5000/app -t app            under another name

It is short for "pare copy docker://NAME NAME".`;

export const pull: CommandModule = {
  configure(command, context) {
    command
      .argument('<name>', 'image in a registry: NAME[:TAG][@DIGEST]')
      .option('-t, --tag <name>', 'what the store is to call it; default as the registry does')
      .option('--platform <os/arch>', 'one platform of an index; several times: an index of these', collect)
      .addHelpText('after', HELP)
      .action(async (reference: string, { tag, platform }: Options) => {
        const session = context();
        const { env, run, insecure } = session;
        const platforms = platform?.map((text) => parsePlatform(text, machinePlatform()));
        const { name, descriptor } = await pullReference(
          {
            reference,
            ...(tag === undefined ? {} : { name: tag }),
            ...(platforms === undefined ? {} : { platforms }),
          },
          { env, run, insecure },
        );
        const { digest, mediaType } = descriptor;
        if (session.json) return session.printJson({ name, digest, mediaType });
        session.note(name);
        session.print(digest);
      });
  },
};

/** `pare copy`: an image or a root filesystem from one place to another. @module */
import type { Command } from 'commander';
import type { LayerForm } from '../../formats/layer/form.ts';
import { parsePlatform } from '../../model/platform.ts';
import { type Copied, copy as copyReference } from '../../operations/copy.ts';
import { machinePlatform } from '../../system/machine.ts';
import type { CommandModule, Context } from '../command.ts';
import { bytesText } from '../render/units.ts';
import { layerFormOption, sourceDate } from '../words.ts';

interface Options {
  readonly platform?: string;
  readonly compression?: LayerForm;
  readonly referrers: boolean;
}

const HELP = `
Examples:
  pare copy docker-archive:redis.tar redis               into the store
  pare copy redis oci:out:latest                         out of it, byte for byte
  pare copy redis docker-archive:- | docker load         to a Docker daemon
  pare copy redis rootfs:dir                             unpacked into a directory
  pare copy oci:multi oci:one --platform linux/arm64     one platform of several`;

export const copy: CommandModule = {
  configure(command: Command, context: () => Context): void {
    command
      .argument('<source>', 'image or root filesystem to read')
      .argument('<destination>', 'where to write it')
      .option('--platform <os/arch>', 'one platform of an index; default all of them')
      .addOption(layerFormOption('compress the layers anew'))
      .option('--no-referrers', 'leave behind what refers to the image (evidence, signatures)')
      .addHelpText('after', HELP)
      .action(async (from: string, to: string, options: Options) => {
        const session = context();
        const { env, run } = session;
        const platform =
          options.platform === undefined ? {} : { platform: parsePlatform(options.platform, machinePlatform()) };
        const time = sourceDate(env);
        const copied = await copyReference(
          {
            from,
            to,
            referrers: options.referrers,
            ...(options.compression === undefined ? {} : { compression: options.compression }),
            ...(time === undefined ? {} : { time }),
          },
          { env, run, ...platform },
        );
        show(to, copied, session);
      });
  },
};

/** The digest goes to stdout, unless that is where the archive went. */
function show(to: string, copied: Copied, session: Context): void {
  const say = /^[a-z-]+:-(?::|$)/.test(to) ? session.note : session.print;
  if (copied.kind === 'root') {
    const { entries, size } = copied;
    if (session.json) session.printJson({ reference: to, entries, size });
    else session.note(`${to}: ${entries} entries, ${bytesText(size)}`);
    return;
  }
  const { digest, mediaType } = copied.descriptor;
  if (session.json) session.printJson({ reference: to, digest, mediaType });
  else say(digest);
}

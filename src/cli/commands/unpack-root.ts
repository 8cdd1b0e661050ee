/** `pare unpack-root REF DIR`: what `pare run` starts as root of a user namespace. @module */
import { parsePlatform } from '../../model/platform.ts';
import type { CommandModule } from '../command.ts';

export const unpackRootVerb: CommandModule = {
  configure(command, context) {
    command
      .argument('<image>', 'reference')
      .argument('<directory>', 'where to; made')
      .option('--platform <os/arch>', 'which image of several')
      .action(async (image: string, directory: string, { platform }: { platform?: string }) => {
        const { env, run, insecure } = context();
        const { machinePlatform } = await import('../../system/machine.ts');
        const { openRoot } = await import('../../sources.ts');
        const { writeRootDirectory } = await import('../../transports/rootfs/sink.ts');
        const wanted = platform === undefined ? {} : { platform: parsePlatform(platform, machinePlatform()) };
        await using root = await openRoot(image, { env, run, insecure, ...wanted });
        await writeRootDirectory(await root.tree(), directory, run);
      });
  },
};

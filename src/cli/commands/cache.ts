/** `pare cache`: uncompressed layers and unpacked roots that are kept so that the next look or run is quick. @module */
import { layerCache } from '../../operations/store.ts';
import { sandboxDirectories, unpackedRoots } from '../../sandbox/roots.ts';
import { storeDirectory } from '../../store/directory.ts';
import type { CommandModule } from '../command.ts';
import { bytesText } from '../render/units.ts';

interface Options {
  readonly clear?: true;
}

export const cache: CommandModule = {
  configure(command, context) {
    command
      .option('--clear', 'remove them all; they come back when they are needed')
      .action(async (options: Options) => {
        const session = context();
        const clear = options.clear === true;
        const { dir, layers, bytes } = layerCache(session.env, { clear });
        const roots = await unpackedRoots(sandboxDirectories(storeDirectory(session.env)), { clear });
        if (session.json) return session.printJson({ dir, layers, bytes, roots, cleared: clear });
        const what = `${layers} layers, ${bytesText(bytes)}; ${roots} roots unpacked for running`;
        session.print(clear ? `removed ${what}` : `${dir}: ${what}`);
      });
  },
};

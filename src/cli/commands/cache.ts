/** `pare cache`: uncompressed layers that are kept so that the next look is quick. @module */
import { layerCache } from '../../operations/store.ts';
import type { CommandModule } from '../command.ts';
import { bytesText } from '../render/units.ts';

interface Options {
  readonly clear?: true;
}

export const cache: CommandModule = {
  configure(command, context) {
    command.option('--clear', 'remove them all; they come back when they are needed').action((options: Options) => {
      const session = context();
      const { dir, layers, bytes } = layerCache(session.env, { clear: options.clear === true });
      if (session.json) return session.printJson({ dir, layers, bytes, cleared: options.clear === true });
      const what = `${layers} layers, ${bytesText(bytes)}`;
      session.print(options.clear === true ? `removed ${what}` : `${dir}: ${what}`);
    });
  },
};

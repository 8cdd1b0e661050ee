/** `pare rm`: takes names away, and removes images that have lost their last one. @module */
import { removeFromStore } from '../../operations/store.ts';
import type { CommandModule } from '../command.ts';
import { bytesText } from '../render/units.ts';

interface Options {
  readonly force?: true;
}

export const rm: CommandModule = {
  configure(command, context) {
    command
      .argument('<images...>', 'names, or digests')
      .option('-f, --force', 'by digest: with all its names; and what is not there is no error')
      .action(async (references: string[], options: Options) => {
        const session = context();
        const removed = await removeFromStore(references, { force: options.force === true }, session);
        if (session.json) return session.printJson({ removed });
        for (const { untagged, deleted } of removed) {
          for (const name of untagged) session.print(`Untagged: ${name}`);
          if (deleted !== undefined) session.print(`Deleted: ${deleted}`);
        }
        const bytes = removed.reduce((sum, one) => sum + one.bytes, 0);
        if (bytes > 0) session.note(`${bytesText(bytes)} given back`);
      });
  },
};

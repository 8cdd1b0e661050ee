/** `pare tag`: one more name for an image of the store. @module */
import { tag as tagReference } from '../../operations/store.ts';
import type { CommandModule } from '../command.ts';

export const tag: CommandModule = {
  configure(command, context) {
    command
      .argument('<image>', 'name or digest of an image in the store')
      .argument('<name>', 'the new name: NAME[:TAG]')
      .action(async (from: string, to: string) => {
        const session = context();
        const tagged = await tagReference(from, to, session);
        if (session.json) session.printJson(tagged);
        else session.print(tagged.digest);
      });
  },
};

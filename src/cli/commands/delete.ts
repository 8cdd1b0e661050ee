/** `pare delete`: takes a tag or an image out of a registry. @module */
import { deleteImage } from '../../operations/registry.ts';
import type { CommandModule } from '../command.ts';

const HELP = `
Examples:
  pare delete docker://registry.example/me/app:v1        the tag; the image stays
  pare delete docker://registry.example/me/app@sha256:…  the image, with all its tags
Nothing is asked. The bytes go when the registry collects its garbage. Images of the store: pare rm.`;

export const deleteVerb: CommandModule = {
  configure(command, context) {
    command
      .argument('<reference>', 'docker://HOST/NAME:TAG, or docker://HOST/NAME@DIGEST')
      .addHelpText('after', HELP)
      .action(async (reference: string) => {
        const session = context();
        const deleted = await deleteImage(reference, session);
        if (session.json) session.printJson(deleted);
        else session.print(`${deleted.deleted === 'tag' ? 'Untagged' : 'Deleted'}: ${reference}`);
      });
  },
};

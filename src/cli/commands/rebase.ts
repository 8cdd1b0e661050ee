/** `pare rebase`: another base below the same layers. @module */
import { openRebasing } from '../../operations/rebase.ts';
import type { CommandModule } from '../command.ts';
import { type DerivingOptions, outputOptions, runDeriving } from '../deriving.ts';

interface Options extends DerivingOptions {
  readonly oldBase: string;
  readonly newBase: string;
}

const HELP = `
Layers above the old base keep their bytes and digests. What the config had from the old base is as the new one has it; what the
image changed stays. A tag moves on: name the old base by the digest that the image was built on.

Examples:
  pare rebase app --old-base debian@sha256:4b1f… --new-base debian:13 -t app:patched`;

export const rebase: CommandModule = {
  configure(command, context) {
    command
      .argument('<ref>', 'image, or index of several')
      .requiredOption('--old-base <ref>', 'the image it was made on')
      .requiredOption('--new-base <ref>', 'the image to put in its place');
    outputOptions(command);
    command.addHelpText('after', HELP).action(async (reference: string, options: Options) => {
      const { oldBase, newBase } = options;
      await runDeriving({
        context: context(),
        options,
        reference,
        tag: 'rebased',
        open: (access, time) => openRebasing(reference, { oldBase, newBase, time }, access),
      });
    });
  },
};

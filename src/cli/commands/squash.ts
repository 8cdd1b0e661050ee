/** `pare squash`: layers into one. @module */
import type { LayerForm } from '../../formats/layer/form.ts';
import { openSquashing } from '../../operations/squash.ts';
import type { CommandModule } from '../command.ts';
import { compressionOption, type DerivingOptions, outputOptions, runDeriving } from '../deriving.ts';

interface Options extends DerivingOptions {
  readonly from?: string;
  readonly keepBase?: string;
  readonly compression: LayerForm;
}

const HELP = `
Nothing is unpacked: what the layers say is put together, and the bytes of files are used where they lie. Lower layers that
stay keep their bytes and digests, and so does an image that has nothing to join.

Examples:
  pare squash app -t app:one                   one layer, without a whiteout
  pare squash app --keep-base debian:13        one layer on the base
  pare squash app --from 2                     the lowest two layers stay
  pare squash app --from -3                    the topmost three become one
  pare squash app --from sha256:0c2f… -o docker-archive:app.tar`;

export const squash: CommandModule = {
  configure(command, context) {
    command
      .argument('<ref>', 'image, or index of several')
      .option('--from <layer>', 'join what is above it: how many stay, -N for the topmost N, a digest or DiffID')
      .option('--keep-base <ref>', "join what is above that image's layers")
      .addOption(compressionOption());
    outputOptions(command);
    command.addHelpText('after', HELP).action(async (reference: string, options: Options) => {
      const { from, keepBase, compression } = options;
      await runDeriving({
        context: context(),
        options,
        reference,
        tag: 'squashed',
        open: (access, time) => openSquashing(reference, { from, keepBase, compression, time }, access),
      });
    });
  },
};

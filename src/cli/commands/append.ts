/** `pare append`: layers on top of an image. @module */
import type { LayerForm } from '../../formats/layer/form.ts';
import { openAppending } from '../../operations/append.ts';
import type { CommandModule } from '../command.ts';
import { compressionOption, type DerivingOptions, outputOptions, runDeriving } from '../deriving.ts';

interface Options extends DerivingOptions {
  readonly compression: LayerForm;
}

const HELP = `
A tar that is compressed with gzip or zstd stays as it is, byte for byte. Of a directory, what is in it is added, with owners,
modes and times; what the directory itself is like says nothing of the image.

Examples:
  pare append debian:13 app.tar.gz -t app
  pare append app rootfs:config/ -o oci:out
  pare append scratch rootfs.tar --platform linux/arm64 -t base
  tar -c -C build . | pare append app - -t app:new`;

export const append: CommandModule = {
  configure(command, context) {
    command
      .argument('<ref>', 'image, or scratch')
      .argument('<layers...>', 'tars or directories, the lowest first; - is stdin')
      .addOption(compressionOption());
    outputOptions(command);
    command.addHelpText('after', HELP).action(async (reference: string, layers: string[], options: Options) => {
      const { compression } = options;
      await runDeriving({
        context: context(),
        options,
        reference,
        tag: 'appended',
        open: (access, time) => openAppending(reference, { layers, compression, time }, access),
      });
    });
  },
};

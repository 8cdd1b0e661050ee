/** `pare push`: an image of the store into a registry. @module */
import { Option } from 'commander';
import type { LayerForm } from '../../formats/layer/form.ts';
import type { ImageFormat } from '../../formats/oci/image-format.ts';
import { push as pushImage } from '../../operations/registry.ts';
import type { CommandModule } from '../command.ts';
import { layerFormOption } from '../words.ts';

interface Options {
  readonly compression?: LayerForm;
  readonly format?: ImageFormat;
  readonly referrers?: boolean;
}

const HELP = `
Examples:
  pare push registry.example/me/app:v1                   by the name it has in the store
  pare push app localhost:5000/app:v1                    under another name
A shorthand of "pare copy IMAGE docker://NAME", which knows more options.`;

export const push: CommandModule = {
  configure(command, context) {
    command
      .argument('<image>', 'name or digest of an image in the store')
      .argument('[name]', 'where to: HOST/NAME[:TAG], with docker:// or without; default the name of the image')
      .addOption(layerFormOption('compress the layers anew'))
      .addOption(new Option('--format <format>', 'whose manifests to write').choices(['oci', 'docker']))
      .option('--referrers', 'fail where what refers to the image (evidence, signatures) cannot go with it')
      .option('--no-referrers', 'leave behind what refers to the image')
      .addHelpText('after', HELP)
      .action(async (image: string, name: string | undefined, options: Options) => {
        const session = context();
        const request = { image, ...options, ...(name === undefined ? {} : { to: name }) };
        const { reference, descriptor } = await pushImage(request, session);
        const { digest, mediaType } = descriptor;
        if (session.json) return session.printJson({ reference, digest, mediaType });
        session.note(`pushed to ${reference}`);
        session.print(digest);
      });
  },
};

/** `pare copy`: an image or a root filesystem from one place to another. @module */

import { type Command, Option } from 'commander';
import { countOf } from '../../base/count.ts';
import type { LayerForm } from '../../formats/layer/form.ts';
import type { ImageFormat } from '../../formats/oci/image-format.ts';
import { parsePlatform } from '../../model/platform.ts';
import { type Copied, copy as copyReference } from '../../operations/copy.ts';
import { machinePlatform } from '../../system/machine.ts';
import type { CommandModule, Context } from '../command.ts';
import { bytesText } from '../render/units.ts';
import { collect, layerFormOption, sourceDate } from '../words.ts';
import { checkPlaces, printWritten } from '../written.ts';

interface Options {
  readonly all?: boolean;
  readonly platform?: readonly string[];
  readonly compression?: LayerForm;
  readonly format?: ImageFormat;
  readonly pieces?: boolean;
  readonly preserveDigests?: boolean;
  readonly referrers?: boolean;
}

const HELP = `
Examples:
  pare copy docker-archive:redis.tar redis               into the store
  pare copy redis oci:out:latest                         out of it, byte for byte
  pare copy redis docker-archive:- | docker load
  pare copy redis rootfs:dir                             unpacked into a directory
  pare copy redis docker-daemon:redis:7                  to a Docker daemon, without docker
  pare copy oci:multi oci:one --platform linux/arm64     one platform of several
  pare copy oci:multi oci:two --platform linux/amd64 --platform linux/arm64
  pare copy redis oci:out --format docker --compression gzip:9`;

export const copy: CommandModule = {
  configure(command: Command, context: () => Context): void {
    command
      .argument('<source>', 'image or root filesystem to read')
      .argument('<destination>', 'where to write it')
      .option('--all', 'all platforms of an index (the default), and an error where the destination holds one only')
      .option('--platform <os/arch>', 'one platform of an index; several times: an index of these', collect)
      .addOption(layerFormOption('compress the layers anew'))
      .addOption(new Option('--format <format>', 'whose manifests to write').choices(['oci', 'docker']))
      .option('--pieces', 'as pieces, which only pare makes an image of: what has not changed is not sent again')
      .option('--preserve-digests', 'fail, before anything is written, where a digest would change')
      .option('--referrers', 'fail where what refers to the image (evidence, signatures) cannot go with it')
      .option('--no-referrers', 'leave behind what refers to the image')
      .addHelpText('after', HELP)
      .action(async (from: string, to: string, options: Options) => {
        const session = context();
        checkPlaces([to], session);
        const { env, run, insecure } = session;
        const { platform, ...rest } = options;
        const time = sourceDate(env);
        const copied = await copyReference(
          {
            from,
            to,
            ...rest,
            ...(platform === undefined
              ? {}
              : { platforms: platform.map((text) => parsePlatform(text, machinePlatform())) }),
            ...(time === undefined ? {} : { time }),
          },
          { env, run, insecure },
        );
        show(to, copied, session);
      });
  },
};

function show(to: string, copied: Copied, session: Context): void {
  if (copied.kind === 'root') {
    const { entries, size } = copied;
    if (session.json) session.printJson({ reference: to, entries, size });
    else session.note(`${to}: ${countOf(entries, 'entry', 'entries')}, ${bytesText(size)}`);
    return;
  }
  const { digest, mediaType } = copied.descriptor;
  printWritten([{ reference: to, digest }], () => ({ reference: to, digest, mediaType }), session);
}

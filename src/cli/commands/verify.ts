/** `pare verify`: whether bytes are what their digests say. @module */
import { ImageError } from '../../base/errors.ts';
import { verifyReference, verifyStore } from '../../operations/verify.ts';
import type { Verification } from '../../transforms/verify/verify.ts';
import type { CommandModule, Context } from '../command.ts';
import { STATUS } from '../errors.ts';
import { bytesText } from '../render/units.ts';

interface Options {
  readonly store?: true;
}

export const verify: CommandModule = {
  configure(command, context) {
    command
      .argument('[ref]', 'image to verify')
      .option('--store', 'every image of the store, blobs that belong to none, and the cache')
      .action(async (reference: string | undefined, options: Options) => {
        const session = context();
        if ((reference === undefined) === (options.store === undefined)) {
          throw new ImageError('USAGE', 'either an image or --store is to be verified', {
            hint: 'pare verify REF, or pare verify --store',
          });
        }
        if (reference === undefined) await verifyTheStore(session);
        else await verifyOne(reference, session);
      });
  },
};

async function verifyOne(reference: string, session: Context): Promise<void> {
  const { descriptor, ...verification } = await verifyReference(reference, session);
  if (session.json) session.printJson({ reference, digest: descriptor.digest, ...verification });
  else if (verification.problems.length === 0) session.print(descriptor.digest);
  end(verification, session);
}

async function verifyTheStore(session: Context): Promise<void> {
  const verification = await verifyStore(session);
  if (session.json) session.printJson(verification);
  else session.print(`${verification.dir}: ${verification.images} images`);
  if (verification.unneeded.length > 0) {
    session.note(`${verification.unneeded.length} blobs belong to no image: "pare prune" removes them`);
  }
  end(verification, session);
}

function end({ problems, blobs, bytes }: Verification, session: Context): void {
  if (!session.json) for (const { digest, message } of problems) session.print(`${digest}: ${message}`);
  session.note(`${blobs} blobs are whole (${bytesText(bytes)}), ${problems.length} are not`);
  session.exit(problems.length === 0 ? STATUS.done : STATUS.no);
}

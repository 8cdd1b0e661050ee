/** `pare verify`: whether bytes are what their digests say. @module */
import { countOf } from '../../base/count.ts';
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import { packAgain } from '../../operations/repack.ts';
import { verifyReference, verifyStore } from '../../operations/verify.ts';
import type { Verification } from '../../transforms/verify/verify.ts';
import type { CommandModule, Context } from '../command.ts';
import { STATUS } from '../errors.ts';
import { bytesText } from '../render/units.ts';

interface Options {
  readonly store?: true;
  readonly from?: string;
}

export const verify: CommandModule = {
  configure(command, context) {
    command
      .argument('[ref]', 'image to verify')
      .option('--store', 'every image of the store, blobs that belong to none, and the cache')
      .option('--from <ref>', 'pack it again from there, and compare')
      .action(async (reference: string | undefined, options: Options) => {
        const session = context();
        if ((reference === undefined) === (options.store === undefined)) {
          throw new ImageError('USAGE', 'either an image or --store is to be verified', {
            hint: 'pare verify REF, or pare verify --store',
          });
        }
        if (options.from !== undefined && reference !== undefined)
          await verifyPacking(reference, options.from, session);
        else if (reference === undefined) await verifyTheStore(session);
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

/** More differing paths say no more. */
const PATHS_SHOWN = 20;

async function verifyPacking(reference: string, from: string, session: Context): Promise<void> {
  const { expected, actual, sameContent, differences } = await packAgain(reference, from, session);
  const shown = differences.map(({ path, before, after, aspects }) => ({
    path,
    what: before === undefined ? 'new' : after === undefined ? 'gone' : aspects.join(', '),
  }));
  if (session.json) session.printJson({ reference, expected, actual, sameContent, differences: shown });
  else {
    session.print(actual);
    for (const { path, what } of shown.slice(0, PATHS_SHOWN)) session.print(`  ${printableName(path)}: ${what}`);
    if (shown.length > PATHS_SHOWN) session.print(`  and ${shown.length - PATHS_SHOWN} more`);
  }
  if (expected === actual) return session.note(`${reference}: packed again, it is the same`);
  const same = 'the content is the same, and compressed otherwise or described by another manifest';
  session.note(`${reference}: packed again it is another image; ${sameContent ? same : 'its content differs'}`);
  if (!sameContent) session.exit(STATUS.no);
}

async function verifyTheStore(session: Context): Promise<void> {
  const verification = await verifyStore(session);
  if (session.json) session.printJson(verification);
  else session.print(`${verification.dir}: ${countOf(verification.images, 'image')}`);
  if (verification.unneeded.length > 0) {
    session.note(
      `${countOf(verification.unneeded.length, 'blob belongs', 'blobs belong')} to no image: "pare prune" removes what is not needed`,
    );
  }
  end(verification, session);
}

function end({ problems, blobs, bytes }: Verification, session: Context): void {
  if (!session.json) for (const { digest, message } of problems) session.print(`${digest}: ${message}`);
  session.note(
    `${countOf(blobs, 'blob is', 'blobs are')} whole (${bytesText(bytes)}), ${countOf(problems.length, 'is not', 'are not')}`,
  );
  session.exit(problems.length === 0 ? STATUS.done : STATUS.no);
}

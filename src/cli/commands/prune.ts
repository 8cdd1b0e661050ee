/** `pare prune`: removes from the store what nothing needs. @module */
import { countOf } from '../../base/count.ts';
import { prune as pruneStore } from '../../operations/store.ts';
import type { CommandModule } from '../command.ts';
import { bytesText } from '../render/units.ts';

interface Options {
  readonly cache?: true;
  readonly dryRun?: true;
}

export const prune: CommandModule = {
  configure(command, context) {
    command
      .option('--cache', 'all cached layers, too, and not only those of images that are not there')
      .option('-n, --dry-run', 'say what would go, and remove nothing')
      .action(async (options: Options) => {
        const session = context();
        const request = { cache: options.cache === true, dryRun: options.dryRun === true };
        const { images, blobs, bytes, cache } = await pruneStore(request, session);
        if (session.json) return session.printJson({ dryRun: request.dryRun, images, blobs, bytes, cache });
        for (const digest of images) session.print(`Deleted: ${digest}`);
        const layers = ` and ${countOf(cache.layers, 'cached layer')} (${bytesText(cache.bytes)})`;
        const what = `${countOf(images.length, 'image')} without a name, ${countOf(blobs.length, 'blob')} (${bytesText(bytes)})${layers}`;
        session.note(request.dryRun ? `would remove ${what}` : `removed ${what}`);
      });
  },
};

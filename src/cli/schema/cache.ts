/** `pare cache --json` @module */
import * as z from 'zod';
import { KEPT_KINDS } from '../../ports/kept.ts';

const piece = z.object({
  kind: z.enum(KEPT_KINDS),
  id: z.string().describe('among its kind'),
  description: z.string(),
  bytes: z.number().describe('on the disk, as du counts'),
  used: z.string().describe('when it was last used'),
  inUse: z.boolean().describe('a process uses it, or an image needs it'),
  stale: z.boolean().describe('nothing can use it any more'),
});

export const cacheSchema = z
  .object({
    dir: z.string(),
    bytes: z.number().describe('of all that is kept'),
    reclaimable: z.number().describe('of that, what is not in use'),
    kept: z.array(piece).describe('with prune, what is left'),
    removed: z.array(piece).optional().describe('with prune'),
    removedBytes: z.number().optional(),
    dryRun: z.boolean().optional().describe('with prune: nothing was removed'),
  })
  .describe('What is kept so that the next time is quicker');

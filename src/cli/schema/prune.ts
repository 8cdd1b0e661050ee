/** `pare prune --json` @module */
import * as z from 'zod';

export const pruneSchema = z
  .object({
    dryRun: z.boolean(),
    images: z.array(z.string()).describe('digests of images that had no name'),
    blobs: z.array(z.string()).describe('digests'),
    bytes: z.number().describe('given back, leftovers of killed processes included'),
    cache: z
      .object({ layers: z.number(), bytes: z.number().describe('beside the others') })
      .describe('cached layers that were removed as well'),
  })
  .describe('What was removed, or would be');

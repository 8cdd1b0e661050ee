/** `pare cache --json` @module */
import * as z from 'zod';

export const cacheSchema = z
  .object({
    dir: z.string(),
    layers: z.number().describe('uncompressed layers'),
    bytes: z.number(),
    cleared: z.boolean().describe('whether they have been removed'),
  })
  .describe('What the cache of layers holds');

/** `pare cache --json` @module */
import * as z from 'zod';

export const cacheSchema = z
  .object({
    dir: z.string(),
    layers: z.number().describe('uncompressed layers'),
    bytes: z.number().describe('of the layers'),
    roots: z.number().describe('root filesystems unpacked for running; with --clear those that nothing runs on'),
    cleared: z.boolean().describe('whether they have been removed'),
  })
  .describe('What is kept beside the store to be quick');

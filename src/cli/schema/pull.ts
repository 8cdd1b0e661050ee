/** `pare pull --json` @module */
import * as z from 'zod';

export const pullSchema = z
  .object({
    name: z.string().describe('what the store calls it, in full'),
    digest: z.string().describe('of the manifest or index'),
    mediaType: z.string(),
  })
  .describe('The image that the store holds now');

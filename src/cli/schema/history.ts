/** `pare history --json` @module */
import * as z from 'zod';

export const historySchema = z
  .object({
    reference: z.string(),
    steps: z
      .array(
        z.object({
          created: z.string().optional(),
          createdBy: z.string(),
          comment: z.string(),
          diffId: z.string().optional().describe('the layer it made; absent where it changed the config only'),
          unpacked: z.number().int().describe('bytes of the regular files that layer brings'),
          compressed: z.number().int().optional().describe('bytes of that layer as stored'),
        }),
      )
      .describe('newest first, as docker prints them'),
  })
  .describe('How an image came to be');

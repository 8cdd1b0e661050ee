/** `pare rm --json` @module */
import * as z from 'zod';

export const rmSchema = z
  .object({
    removed: z.array(
      z.object({
        untagged: z.array(z.string()).describe('names that mean nothing any more'),
        deleted: z.string().optional().describe('digest of the image, where it went with its last name'),
        bytes: z.number().describe('given back'),
      }),
    ),
  })
  .describe('What was removed, in the order asked for');

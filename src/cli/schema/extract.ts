/** `pare extract --json` @module */
import * as z from 'zod';

export const extractSchema = z
  .object({
    directory: z.string().describe('as given'),
    entries: z.number().describe('files, directories and others, the root not counted'),
    size: z.number().describe('bytes of the regular files, a hard-linked one once'),
  })
  .describe('What was extracted');

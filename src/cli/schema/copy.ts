/** `pare copy --json` @module */
import * as z from 'zod';

export const copySchema = z
  .union([
    z.object({
      reference: z.string().describe('where it was written, as given'),
      digest: z.string().describe('of the manifest or index there'),
      mediaType: z.string(),
    }),
    z.object({
      reference: z.string(),
      entries: z.number().describe('files, directories and others, the root not counted'),
      size: z.number().describe('bytes of the regular files, a hard-linked one once'),
    }),
  ])
  .describe('What was copied: an image, or a root filesystem');

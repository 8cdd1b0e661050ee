/** `pare push --json` @module */
import * as z from 'zod';

export const pushSchema = z
  .object({
    reference: z.string().describe('where it is now, in full: docker://HOST/NAME:TAG'),
    digest: z.string().describe('of the manifest or index there'),
    mediaType: z.string(),
  })
  .describe('What was sent to a registry');

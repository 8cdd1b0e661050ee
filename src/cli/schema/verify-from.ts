/** `pare verify REF --from REF --json` @module */
import * as z from 'zod';

export const verifyFromSchema = z
  .object({
    reference: z.string(),
    expected: z.string().describe("digest of the image's manifest"),
    actual: z.string().describe('digest of the manifest as it was made again'),
    sameContent: z.boolean().describe('whether layers and config agree, however they are compressed'),
    differences: z.array(z.object({ path: z.string(), what: z.string().describe('new, gone, or what of it differs') })),
  })
  .describe('Whether packing again gives the same');

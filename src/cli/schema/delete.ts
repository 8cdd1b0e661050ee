/** `pare delete --json` @module */
import * as z from 'zod';

export const deleteSchema = z
  .object({
    reference: z.string().describe('as given'),
    deleted: z.enum(['tag', 'image']).describe('by tag only the name goes; by digest the image, with all its tags'),
    digest: z.string().optional().describe('of an image'),
  })
  .describe('What was taken out of a registry');

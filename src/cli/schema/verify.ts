/** `pare verify --json` @module */
import * as z from 'zod';

export const verifySchema = z
  .object({
    reference: z.string().optional().describe('the image, as given'),
    digest: z.string().optional().describe('of its manifest or index'),
    dir: z.string().optional().describe('the store, with --store'),
    images: z.number().optional().describe('in the store'),
    unneeded: z.array(z.string()).optional().describe('blobs of the store that no image needs'),
    blobs: z.number().describe('that are whole'),
    bytes: z.number().describe('of those'),
    problems: z.array(
      z.object({
        digest: z.string().describe('of the blob that is wrong'),
        message: z.string().describe('what is wrong'),
      }),
    ),
  })
  .describe('What was verified');

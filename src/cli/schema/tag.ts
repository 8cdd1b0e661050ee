/** `pare tag --json` @module */
import * as z from 'zod';

export const tagSchema = z
  .object({ name: z.string().describe('the new name in full'), digest: z.string().describe('of the image') })
  .describe('The name that was given');

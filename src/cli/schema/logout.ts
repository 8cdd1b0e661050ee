/** `pare logout --json` @module */
import * as z from 'zod';

export const logoutSchema = z
  .object({
    removed: z.array(
      z.object({
        registry: z.string().describe('as the file or the helper calls it'),
        from: z.string().describe('path of the file, or name of the credential helper'),
      }),
    ),
  })
  .describe('What was forgotten; empty where nothing was known');

/** `pare doctor --json` @module */
import * as z from 'zod';

export const doctorSchema = z
  .object({
    node: z.string().describe('version of Node.js that pare runs on'),
    platform: z.string().describe('of this machine, as in images: linux/amd64'),
    findings: z.array(
      z.object({
        name: z.string().describe('stable name of what was looked for'),
        purpose: z.string().describe('what it is needed for'),
        state: z.enum(['present', 'missing', 'broken']).describe('broken: there, and of no use on this machine'),
        detail: z.string().describe('what was found'),
        remedy: z.string().optional().describe('how to get or mend it'),
      }),
    ),
  })
  .describe('What this machine offers');

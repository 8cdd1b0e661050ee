/** `pare login --json` @module */
import * as z from 'zod';

export const loginSchema = z
  .object({
    registry: z.string().describe('as a reference has it'),
    username: z.string(),
    keptIn: z.string().describe('path of a file, or name of the credential helper that keeps the password'),
  })
  .describe('Who logged in where; never the password');

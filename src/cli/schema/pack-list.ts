/** `pare pack --list --json` @module */
import * as z from 'zod';
import { fileShape } from './shapes/reason.ts';

export const packListSchema = z
  .object({
    files: z.array(fileShape.pick({ path: true, kind: true, size: true, strength: true, reasons: true })),
  })
  .describe('What would go in, and why');

/** `pare check REF --json` @module */
import * as z from 'zod';
import { findingShape } from './shapes/finding.ts';

export const checkSchema = z
  .object({
    reference: z.string().describe('what was checked, as given'),
    findings: z.array(findingShape).describe('most severe first'),
  })
  .describe('What a check found');

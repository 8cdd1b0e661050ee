/** `pare check --program PATH --json` @module */
import * as z from 'zod';
import { findingShape } from './shapes/finding.ts';

export const checkProgramSchema = z
  .object({
    programs: z.array(z.string()),
    bases: z.array(
      z.object({
        base: z.string().describe('reference of the base'),
        starts: z.boolean().describe('whether the programs alone, put on the base, would start'),
        findings: z.array(findingShape).describe('why not, and what would fail later'),
        bare: z.number().describe('bytes of the base and the programs, unpacked'),
        complete: z.number().describe('bytes once all that they need is added'),
      }),
    ),
  })
  .describe('On which bases programs would start');

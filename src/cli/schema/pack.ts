/** `pare pack --json` @module */
import * as z from 'zod';
import { findingShape } from './shapes/finding.ts';

export const packSchema = z
  .object({
    written: z.array(
      z.object({
        reference: z.string(),
        digest: z.string().optional().describe('of the manifest; a root filesystem has none'),
        compressed: z.number().optional().describe('bytes of the layers as stored, or of the tar file'),
      }),
    ),
    platform: z.string().describe('linux/amd64'),
    unpacked: z.number().describe('bytes of the regular files, a hard-linked one once'),
    files: z.number().describe('everything but directories'),
    seconds: z.number(),
    input: z
      .object({ reference: z.string(), unpacked: z.number(), compressed: z.number(), files: z.number() })
      .optional()
      .describe('the same of the image that the programs were taken from'),
    findings: z.array(findingShape),
  })
  .describe('What was packed');

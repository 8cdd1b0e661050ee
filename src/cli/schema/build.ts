/** `pare build --json` @module */
import * as z from 'zod';
import { writtenShape } from './shapes/derived.ts';

export const buildSchema = z
  .object({
    written: writtenShape,
    images: z
      .array(
        z.object({
          platform: z.string().describe('linux/amd64'),
          unpacked: z.number().describe('bytes of the regular files, a hard-linked one once'),
          files: z.number().describe('everything but directories'),
          layers: z.number(),
        }),
      )
      .describe('one for each platform, before packing'),
    hints: z
      .array(
        z.object({
          rule: z.string().describe('PackageCacheLeft, …: docs/build-checks.md'),
          bytes: z.number().describe('what the image could do without, uncompressed'),
          message: z.string().describe('goes on from the bytes'),
          advice: z.string().describe('what to do'),
        }),
      )
      .describe('largest first, of the first platform; empty with --pack'),
    seconds: z.number(),
  })
  .describe('What was built');

/** `pare index --json` @module */
import * as z from 'zod';
import { writtenShape } from './shapes/derived.ts';

export const indexSchema = z
  .object({
    written: writtenShape.optional().describe('of create, add and remove'),
    reference: z.string().optional().describe('of inspect: as given'),
    digest: z.string().optional().describe('of inspect: of the index'),
    mediaType: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
    manifests: z.array(
      z.object({
        digest: z.string(),
        mediaType: z.string(),
        size: z.number().describe('of the manifest, in bytes'),
        platform: z.string().optional().describe('linux/arm64'),
        artifactType: z.string().optional(),
        annotations: z.record(z.string(), z.string()).optional(),
      }),
    ),
    seconds: z.number().optional(),
  })
  .describe('An index, or what became of one');

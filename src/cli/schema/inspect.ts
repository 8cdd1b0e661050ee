/** `pare inspect --json` @module */
import * as z from 'zod';

const layer = z.object({
  diffId: z.string().describe('digest of the uncompressed tar'),
  digest: z.string().optional().describe('digest as stored; absent where the medium keeps no such blob'),
  mediaType: z.string().optional(),
  compressed: z.number().int().optional().describe('bytes as stored'),
  unpacked: z.number().int().describe('bytes of the regular files it brings, a hard-linked one once'),
  createdBy: z.string().optional(),
});

const onePackage = z.object({
  kind: z.string().describe('dpkg, apk or rpm'),
  name: z.string(),
  version: z.string(),
  licenses: z.array(z.string()).optional().describe('expressions as the package writes them'),
  referred: z.literal(true).optional().describe('they are the texts its copyright file refers to; it may say more'),
});

export const inspectSchema = z
  .object({
    reference: z.string().describe('as given'),
    digest: z.string().describe('of the manifest'),
    index: z.string().optional().describe('digest of the index it was chosen from'),
    configDigest: z.string().optional(),
    mediaType: z.string().describe('of the manifest'),
    platform: z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() }),
    created: z.string().optional(),
    author: z.string().optional(),
    config: z.record(z.string(), z.unknown()).describe('"config" of the image-spec\'s config.md'),
    annotations: z.record(z.string(), z.string()),
    unpacked: z.number().int().describe('bytes of regular files, a hard-linked one once'),
    compressed: z.number().int().describe('bytes of all layers as stored'),
    files: z.number().int().describe('everything but directories'),
    layers: z.array(layer).describe('base layer first'),
    packages: z.array(onePackage).optional().describe('with --licenses'),
  })
  .describe('An image');

/** `pare images --json` @module */
import * as z from 'zod';

export const imagesSchema = z
  .object({
    images: z.array(
      z.object({
        name: z.string().optional().describe('in full, with the tag; absent where another image has got it'),
        digest: z.string().describe('of the manifest, or of the index of several platforms'),
        platforms: z.array(z.string()).describe('linux/amd64 …'),
        created: z.string().optional().describe('RFC 3339, where the config says; of several platforms the newest'),
        size: z.number().describe('bytes as stored: manifests, configs and compressed layers, each once'),
        damage: z.string().optional().describe('what is wrong, where the image cannot be read'),
      }),
    ),
  })
  .describe('Images of the store, by name');

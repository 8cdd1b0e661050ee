/** What verbs print that make an image of another. @module */
import * as z from 'zod';

export const writtenShape = z.array(
  z.object({
    reference: z.string(),
    digest: z.string().optional().describe('of the manifest, or of the index of several; a root filesystem has none'),
    compressed: z.number().optional().describe('bytes of the layers as stored, of all platforms; or of the tar file'),
    platform: z
      .string()
      .optional()
      .describe('the one that was written, where the place holds one platform and there are several'),
  }),
);

const size = {
  unpacked: z
    .number()
    .optional()
    .describe('bytes of the regular files, a hard-linked one once; absent where only configs were read'),
  files: z.number().optional().describe('everything but directories; likewise'),
  layers: z.number(),
};

export const derivedShape = z.object({
  written: writtenShape,
  images: z
    .array(
      z.object({
        platform: z.string().describe('linux/amd64'),
        ...size,
        input: z.object({
          reference: z.string(),
          ...size,
          compressed: z.number().describe('bytes of the layers as stored'),
        }),
      }),
    )
    .describe('one, or one for each image of an index'),
  seconds: z.number(),
});

/** `pare merge --json` @module */
import * as z from 'zod';

const conflict = z.object({
  where: z.string().describe('a path, or a field of the config as Env.LANG'),
  item: z.string().optional().describe('what of it, where it is a database: package libc6'),
  what: z.array(
    z.enum(['kind', 'mode', 'owner', 'xattrs', 'content', 'target', 'device', 'id', 'version', 'record', 'value']),
  ),
  sides: z.array(z.object({ images: z.array(z.number()).describe('numbers of the images, from 1'), has: z.string() })),
  because: z.string().optional().describe('why it cannot be settled'),
});

export const mergeSchema = z
  .object({
    written: z
      .array(
        z.object({
          reference: z.string(),
          digest: z.string().optional().describe('of the manifest; a root filesystem has none'),
          compressed: z.number().optional().describe('bytes of the layers as stored, or of the tar file'),
        }),
      )
      .describe('empty where there are conflicts'),
    conflicts: z.array(conflict).describe('sorted by place'),
    platform: z.string().optional().describe('linux/amd64'),
    unpacked: z.number().optional().describe('bytes of the regular files, a hard-linked one once'),
    files: z.number().optional().describe('everything but directories'),
    seconds: z.number().optional(),
  })
  .describe('What was merged, or what stands in the way');

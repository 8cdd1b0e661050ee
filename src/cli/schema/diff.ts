/** `pare diff --json` @module */
import * as z from 'zod';

const node = z.object({
  kind: z.enum(['file', 'symlink', 'dir', 'char', 'block', 'fifo']),
  mode: z.number().describe('permission bits'),
  uid: z.number(),
  gid: z.number(),
  mtime: z.number().describe('whole seconds since the epoch'),
  mtimeNs: z.number().describe('nanoseconds behind them'),
  xattrs: z.record(z.string(), z.string()).optional().describe('values in hexadecimal'),
  size: z.number().optional().describe('bytes of a regular file'),
  target: z.string().optional().describe('of a symbolic link'),
  major: z.number().optional(),
  minor: z.number().optional(),
});

const sizes = z.object({
  unpacked: z.number().describe('bytes of the regular files, a hard-linked one once'),
  files: z.number().describe('everything but directories'),
  compressed: z.number().optional().describe('bytes of the layers as stored; of an image'),
  layers: z.number().optional().describe('of an image'),
});

export const diffSchema = z
  .object({
    before: z.string().describe('as given'),
    after: z.string().describe('as given'),
    same: z.boolean().describe('nothing that was looked at differs'),
    files: z
      .array(
        z.object({
          path: z.string(),
          before: node.optional().describe('absent: the path is new'),
          after: node.optional().describe('absent: the path is gone'),
          aspects: z
            .array(z.enum(['kind', 'mode', 'owner', 'mtime', 'xattrs', 'content', 'target', 'device', 'links']))
            .describe('what differs; empty where the path is new or gone'),
        }),
      )
      .optional()
      .describe('in the order of paths; absent: not looked at'),
    packages: z
      .array(
        z.object({
          kind: z.string().describe('dpkg, apk or rpm'),
          name: z.string(),
          architecture: z.string().optional(),
          before: z.array(z.string()).describe('versions; empty: the package is new'),
          after: z.array(z.string()).describe('versions; empty: the package is gone'),
        }),
      )
      .optional(),
    config: z
      .array(
        z.object({
          field: z.string().describe('as Entrypoint, Env.LANG, Labels.version, architecture'),
          before: z.string().optional().describe('a text, or JSON of anything else; absent: it does not say'),
          after: z.string().optional(),
        }),
      )
      .optional(),
    sizes: z.object({ before: sizes, after: sizes }),
  })
  .describe('Where two images differ');

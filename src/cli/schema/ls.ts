/** `pare ls --json` @module */
import * as z from 'zod';
import { reasonShape, strengthShape } from './shapes/reason.ts';

export const lsSchema = z
  .object({
    entries: z.array(
      z.object({
        path: z.string(),
        kind: z.enum(['file', 'symlink', 'dir', 'char', 'block', 'fifo']),
        mode: z.number().describe('permission bits'),
        uid: z.number(),
        gid: z.number(),
        mtime: z.number().describe('whole seconds since the epoch'),
        size: z.number().optional().describe('bytes of a regular file'),
        target: z.string().optional().describe('of a symbolic link'),
        major: z.number().optional(),
        minor: z.number().optional(),
        strength: strengthShape.optional().describe('with --why'),
        reasons: z.array(reasonShape).optional(),
      }),
    ),
  })
  .describe('What is in an image');

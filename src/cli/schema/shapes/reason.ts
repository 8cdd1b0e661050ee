/** Files and their reasons, in the documents that tell them. @module */
import * as z from 'zod';

export const strengthShape = z.enum(['required', 'recommended', 'suggested']);

export const reasonShape = z.object({
  rule: z.string(),
  strength: strengthShape,
  because: z.string().describe('completes "PATH is there because FROM …"'),
  from: z.string().optional().describe('the file that causes it; absent: the user or the config'),
  as: z.string().optional().describe('the path it was asked for by, where links lead from there'),
});

export const fileShape = z.object({
  path: z.string(),
  origin: z.string().optional().describe('path in the source, where it is another'),
  kind: z.enum(['file', 'symlink', 'dir', 'char', 'block', 'fifo']),
  size: z.number().optional().describe('bytes of a regular file'),
  sha256: z.string().optional(),
  made: z.literal(true).optional().describe('pare made it'),
  package: z.object({ kind: z.string(), name: z.string(), version: z.string() }).optional().describe('that ships it'),
  strength: strengthShape.describe('of the strongest chain of reasons'),
  reasons: z.array(reasonShape).describe('the first is of the strongest chain'),
});

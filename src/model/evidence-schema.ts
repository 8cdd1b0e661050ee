/** The schema of evidence, for reading it back: it comes from outside. @module */
import * as z from 'zod';
import { ImageError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { EVIDENCE_LIMIT, type Evidence } from './evidence.ts';

const strength = z.enum(['required', 'recommended', 'suggested']);
const texts = z.array(z.string());

const reason = z.object({
  rule: z.string(),
  strength,
  because: z.string().describe('completes "PATH is there because FROM …"'),
  from: z.string().optional().describe('the file that causes it; absent: the user or the config'),
  as: z.string().optional().describe('the path it was asked for by, where links lead from there'),
});

const recipe = z.object({
  programs: texts,
  args: texts,
  dest: z.string().optional(),
  add: texts,
  sodir: z.string().optional(),
  exclude: texts,
  with: texts,
  without: texts,
  suggested: z.boolean(),
  cpu: z.string(),
  platform: z.string(),
  user: z.string().optional(),
  env: texts,
  workdir: z.string().optional(),
  volumes: texts,
  expose: texts,
  labels: z.record(z.string(), z.string()),
  entrypoint: texts.optional(),
  cmd: texts.optional(),
  stopSignal: z.string().optional(),
  shell: z.string().optional(),
  compression: z.string().optional().describe('how the layer is stored, where it was said'),
  base: z.string().optional().describe('digest of the base image'),
  time: z.number().optional().describe('SOURCE_DATE_EPOCH, where it was set'),
});

const file = z.object({
  path: z.string(),
  origin: z.string().optional().describe('path in the source, where it is another'),
  kind: z.enum(['file', 'symlink', 'dir', 'char', 'block', 'fifo']),
  size: z.number().int().nonnegative().optional(),
  sha256: z.string().optional(),
  made: z.literal(true).optional().describe('pare made it'),
  package: z.object({ kind: z.string(), name: z.string(), version: z.string() }).optional(),
  strength,
  reasons: z.array(reason),
});

const onePackage = z.object({
  kind: z.string(),
  name: z.string(),
  version: z.string(),
  licenses: texts.optional().describe('expressions as the package writes them'),
  referred: z
    .literal(true)
    .optional()
    .describe('they are the texts that its copyright file refers to; it may say more'),
});

/** What travels with an image as `application/vnd.pare.evidence.v1+json`. */
export const evidenceSchema = z.object({
  schemaVersion: z.literal(1),
  request: recipe,
  source: z.object({ platform: z.string(), os: z.record(z.string(), z.string()).optional() }),
  files: z.array(file),
  packages: z.array(onePackage),
  missing: z.array(z.object({ reason, tried: texts, code: z.string().optional() })),
  left: z.array(
    z.object({
      path: z.string(),
      why: z.enum(['suggested', 'excluded', 'denied']),
      detail: z.string().optional(),
      reason,
    }),
  ),
});

/** @throws ImageError INVALID where the bytes are no evidence, or of a version to come */
export function parseEvidence(bytes: Uint8Array): Evidence {
  const parsed = evidenceSchema.safeParse(parseJson(bytes, 'the evidence', EVIDENCE_LIMIT));
  if (parsed.success) return parsed.data as Evidence;
  const [issue] = parsed.error.issues;
  throw new ImageError('INVALID', `the evidence breaks its schema at ${issue?.path.join('.')}: ${issue?.message}`, {
    hint: 'docs/schema/evidence.json is the schema; a newer pare may have written it',
  });
}

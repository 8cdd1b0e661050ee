/** A finding, in the documents that hold some. @module */
import * as z from 'zod';
import { FINDING_SEVERITY, type FindingCode } from '../../../rules/finding.ts';

export const findingShape = z.object({
  code: z
    .enum(Object.keys(FINDING_SEVERITY) as [FindingCode, ...FindingCode[]])
    .describe('docs/findings.md explains each'),
  severity: z.enum(['error', 'warning', 'info']),
  path: z.string().describe('the path it is about, in the image'),
  message: z.string().describe('why'),
  fix: z.string().describe('what to do'),
});

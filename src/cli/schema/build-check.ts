/** `pare build --check --json` @module */
import * as z from 'zod';

const position = z.object({
  line: z.number().describe('from 1'),
  column: z.number().describe('from 1, in UTF-16 code units'),
});

export const buildCheckSchema = z
  .object({
    findings: z
      .array(
        z.object({
          rule: z.string().describe('docs/build-checks.md'),
          message: z.string(),
          place: z.string().describe('Dockerfile:3'),
          excerpt: z.string().describe('the lines, and those around'),
          range: z.object({ start: position, end: position.describe('behind the last character') }),
        }),
      )
      .describe('in the order of the file'),
  })
  .describe('What the checks of a Dockerfile found');

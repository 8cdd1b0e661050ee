/** `pare why-not --json` @module */
import * as z from 'zod';
import { reasonShape } from './shapes/reason.ts';

export const whyNotSchema = z
  .object({
    path: z.string(),
    left: z
      .array(
        z.object({
          path: z.string(),
          why: z.enum(['suggested', 'excluded', 'denied']),
          detail: z.string().optional(),
          reason: reasonShape,
        }),
      )
      .describe('it was there, and was left out'),
    missed: z
      .array(z.object({ reason: reasonShape, tried: z.array(z.string()), code: z.string().optional() }))
      .describe('it was looked for, and was not there'),
    inSource: z.boolean().optional().describe('whether the source has it, where one was given'),
    never: z.string().optional().describe('why it would not go in by itself, whatever asked for it'),
  })
  .describe('Why a path is not in an image');

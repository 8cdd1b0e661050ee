/** `pare why --json` @module */
import * as z from 'zod';
import { fileShape, reasonShape } from './shapes/reason.ts';

const chain = z.object({
  file: fileShape,
  repeated: z.boolean().describe('its reasons were told further up'),
  get links() {
    return z.array(z.object({ reason: reasonShape, from: chain.optional().describe('the file that causes it') }));
  },
});

export const whySchema = z
  .object({
    path: z.string(),
    travelled: z.boolean().describe('whether the evidence came with the image; else it was worked out now'),
    through: z.array(z.string()).describe('links that lead from the path to where it is'),
    chains: z.array(chain).describe("the path's own, where it is a link, and that of where it ends"),
    below: z.array(fileShape).describe('of a directory: what is below it'),
  })
  .describe('Why a path is in an image');

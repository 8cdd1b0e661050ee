/** `pare tags --json` @module */
import * as z from 'zod';

export const tagsSchema = z
  .object({
    repository: z.string().describe('in full: docker.io/library/redis'),
    tags: z.array(z.string()).describe('sorted by code unit'),
  })
  .describe('The tags of a repository');

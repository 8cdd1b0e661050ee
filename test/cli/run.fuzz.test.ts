import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mutate, randomSource } from '../../scripts/mutate.ts';
import { ImageError } from '../../src/base/errors.ts';
import * as cases from '../fuzz/run.ts';

test.each(Object.values(cases))('$name: whatever the bytes are, an ImageError at worst', async ({ run, seeds }) => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const input = mutate(seeds(), randomSource(seed));
      try {
        await run(input);
      } catch (error) {
        expect(error).toBeInstanceOf(ImageError);
      }
    }),
    { numRuns: 400 },
  );
});

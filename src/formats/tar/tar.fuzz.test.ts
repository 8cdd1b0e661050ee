import { expect, it } from 'vitest';
import { mutate, randomBytes, randomSource } from '../../../scripts/mutate.ts';
import { layer, tar } from '../../../test/fuzz/tar.ts';
import { ImageError } from '../../base/errors.ts';

it.each([tar, layer])('$name: changed archives raise nothing but typed errors', async ({ run, seeds }) => {
  const random = randomSource(1);
  const all = seeds();
  for (const seed of all) await run(seed);
  let refused = 0;
  for (let i = 0; i < 3000; i++) {
    try {
      await run(i % 10 === 0 ? randomBytes(random) : mutate(all, random));
    } catch (error) {
      expect(error).toBeInstanceOf(ImageError);
      refused++;
    }
  }
  if (run === layer.run) expect(refused).toBeGreaterThan(100);
});

import { expect, it } from 'vitest';
import { mutate, randomBytes, randomSource } from '../../scripts/mutate.ts';
import { elf, loader } from '../../test/fuzz/elf.ts';
import { ldSoCache } from '../../test/fuzz/ld-so-cache.ts';
import { ImageError } from '../base/errors.ts';

it.each([
  { ...elf, inputs: 2000 },
  { ...loader, inputs: 500 },
  { ...ldSoCache, inputs: 3000 },
])('$name: changed files raise nothing but typed errors', async ({ run, seeds, inputs }) => {
  const random = randomSource(1);
  const all = seeds();
  for (const seed of all) await run(seed);
  let done = 0;
  for (let i = 0; i < inputs; i++) {
    try {
      await run(i % 10 === 0 ? randomBytes(random) : mutate(all, random));
      done++;
    } catch (error) {
      expect(error).toBeInstanceOf(ImageError);
    }
  }
  expect(done).toBeGreaterThan(inputs / 20);
});

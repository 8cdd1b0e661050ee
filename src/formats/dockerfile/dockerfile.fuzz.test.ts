import { expect, it } from 'vitest';
import { mutate, randomBytes, randomSource } from '../../../scripts/mutate.ts';
import { dockerfile, dockerfileValues, dockerfileWords, dockerignore } from '../../../test/fuzz/dockerfile.ts';
import { ImageError } from '../../base/errors.ts';

it.each([dockerfile, dockerfileWords, dockerignore, dockerfileValues])(
  '$name: changed input raises nothing but typed errors',
  ({ name, run, seeds }) => {
    const random = randomSource(1);
    const all = seeds();
    for (const seed of all) run(seed);
    let accepted = 0;
    for (let i = 0; i < 1500; i++) {
      try {
        run(i % 10 === 0 ? randomBytes(random) : mutate(all, random));
        accepted++;
      } catch (error) {
        expect(error).toBeInstanceOf(ImageError);
        if (name === 'dockerfile') expect((error as ImageError).code).toBe('INVALID');
      }
    }
    expect(accepted).toBeGreaterThan(50);
  },
);

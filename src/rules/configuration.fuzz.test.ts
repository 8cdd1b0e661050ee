import { expect, test } from 'vitest';
import { mutate, randomBytes, randomSource } from '../../scripts/mutate.ts';
import * as configuration from '../../test/fuzz/configuration.ts';
import { shell } from '../../test/fuzz/shell.ts';

test.each([...Object.values(configuration), shell])(
  '$name: any bytes are read, and none throws',
  async ({ run, seeds }) => {
    const random = randomSource(11);
    const all = seeds();
    for (const seed of all) await run(seed);
    for (let i = 0; i < 1000; i++) {
      const input = i % 10 === 0 ? randomBytes(random) : mutate(all, random);
      const started = performance.now();
      await run(input);
      expect(performance.now() - started).toBeLessThan(1000);
    }
  },
);

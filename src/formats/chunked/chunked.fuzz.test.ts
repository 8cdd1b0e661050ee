import { expect, it } from 'vitest';
import { mutate, randomBytes, randomSource } from '../../../scripts/mutate.ts';
import { estargzLayer, zstdChunkedLayer } from '../../../test/fuzz/chunked-layer.ts';
import { toc } from '../../../test/fuzz/toc.ts';
import { ImageError } from '../../base/errors.ts';

it.each([toc, estargzLayer, zstdChunkedLayer])(
  '$name: changed bytes raise nothing but typed errors',
  async ({ run, seeds }) => {
    const random = randomSource(1);
    const all = seeds();
    for (const seed of all) await run(seed);
    let refused = 0;
    for (let i = 0; i < 500; i++) {
      try {
        await run(i % 10 === 0 ? randomBytes(random) : mutate(all, random));
      } catch (error) {
        expect(error).toBeInstanceOf(ImageError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  },
);

import { expect, it } from 'vitest';
import { mutate, randomBytes, randomSource } from '../../../scripts/mutate.ts';
import { authFileCase, certificatesCase, helperCase, registriesConfCase } from '../../../test/fuzz/registry-auth.ts';
import { ImageError } from '../../base/errors.ts';

it.each([authFileCase, helperCase, registriesConfCase, certificatesCase])(
  '$name: changed bytes raise nothing but typed errors',
  ({ run, seeds }) => {
    const random = randomSource(1);
    const all = seeds();
    for (const seed of all) onlyTyped(() => run(seed));
    for (let i = 0; i < 1000; i++) onlyTyped(() => run(i % 10 === 0 ? randomBytes(random) : mutate(all, random)));
  },
);

function onlyTyped(run: () => void): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ImageError);
  }
}

import { expect, test } from 'vitest';
import { mutate, randomBytes, randomSource } from '../../../scripts/mutate.ts';
import { apkDatabase } from '../../../test/fuzz/apk-db.ts';
import { deb822 } from '../../../test/fuzz/deb822.ts';
import { rpmDatabase, rpmLog } from '../../../test/fuzz/rpm-db.ts';
import { ImageError } from '../../base/errors.ts';

test.each([deb822, apkDatabase, rpmDatabase, rpmLog])('$name throws nothing but typed errors', ({ run, seeds }) => {
  const random = randomSource(7);
  const all = seeds();
  for (const seed of all) {
    run(seed);
  }
  let refused = 0;
  for (let i = 0; i < 2000; i++) {
    try {
      run(i % 10 === 0 ? randomBytes(random) : mutate(all, random));
    } catch (error) {
      expect(error).toBeInstanceOf(ImageError);
      refused++;
    }
  }
  if (run !== rpmLog.run) expect(refused).toBeGreaterThan(100);
});

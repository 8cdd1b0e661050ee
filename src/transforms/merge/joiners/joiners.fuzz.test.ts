/** Databases of any bytes: joined, or refused with a typed error; each joined with itself is told no conflict. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ImageError } from '../../../base/errors.ts';
import { decodeName } from '../../../base/names.ts';
import { joinerFor } from './table.ts';

const PATHS = [
  '/etc/passwd',
  '/etc/group',
  '/etc/shadow',
  '/etc/shells',
  '/var/lib/dpkg/status',
  '/var/lib/dpkg/diversions',
  '/lib/apk/db/installed',
  '/lib/apk/db/scripts.tar',
];

const words = fc.constantFrom(...'root x 0 1 : :: \n \n\n Package: Version: Status: P: V: + # \u00ff'.split(' '));
const texts = fc.oneof(
  fc.array(words, { maxLength: 40 }).map((all) => all.join('')),
  fc.uint8Array({ maxLength: 600 }).map((bytes) => decodeName(bytes)),
);

test.each(PATHS)('%s', (path) => {
  const joiner = joinerFor(path);
  if (joiner === undefined) throw new Error(`no joiner for ${path}`);
  fc.assert(
    fc.property(texts, texts, (one, other) => {
      try {
        const both = [one, other].map((text, image) => ({ image, text }));
        const joined = joiner(both, () => undefined);
        expect(joiner(both, () => undefined)).toEqual(joined);
        expect(joiner(both, (images) => images[0]).conflicts).toEqual([]);
        const same = [one, one].map((text, image) => ({ image, text }));
        expect(joiner(same, () => undefined).conflicts).toEqual([]);
      } catch (error) {
        expect(error).toBeInstanceOf(ImageError);
      }
    }),
    { numRuns: 300 },
  );
});

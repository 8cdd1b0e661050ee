import fc from 'fast-check';
import { expect, test } from 'vitest';
import { indexLines } from './line-index.ts';

const line = fc.stringMatching(/^[a-c/]{0,6}$/);

test('finds the first list that holds exactly this line', () => {
  fc.assert(
    fc.property(fc.array(fc.array(line), { maxLength: 6 }), line, (lists, wanted) => {
      const index = indexLines(lists.map((lines) => Buffer.from(lines.join('\n'))));
      const expected = wanted === '' ? -1 : lists.findIndex((lines) => lines.includes(wanted));
      expect(index.find(Buffer.from(wanted))).toBe(expected);
    }),
  );
});

test('does not join the last line of a list and the first of the next', () => {
  const index = indexLines([Buffer.from('/a'), Buffer.from('/b\n/c')]);
  expect(['/a', '/b', '/c', '/a/b'].map((one) => index.find(Buffer.from(one)))).toEqual([0, 1, 1, -1]);
});

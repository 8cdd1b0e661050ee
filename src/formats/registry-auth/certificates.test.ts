import { expect, test } from 'vitest';
import { certificateFiles } from './certificates.ts';

test('authorities, and the first pair of a client', () => {
  const names = ['z.crt', 'b.key', 'README', 'b.cert', 'a.crt', 'c.cert', 'c.key'];
  expect(certificateFiles(names, 'dir')).toEqual({
    authorities: ['a.crt', 'z.crt'],
    identity: { certificate: 'b.cert', key: 'b.key' },
  });
  expect(certificateFiles([], 'dir')).toEqual({ authorities: [], identity: undefined });
});

test.each([
  [['a.cert'], 'dir has a.cert, and no a.key'],
  [['a.key', 'a.crt'], 'dir has a.key, and no a.cert'],
])('%j: one without the other', (names, message) => {
  expect(() => certificateFiles(names, 'dir')).toThrow(message);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChallenges } from './challenge.ts';

test.each<[string, [string, Record<string, string>][]]>([
  ['', []],
  ['Basic realm="reg"', [['basic', { realm: 'reg' }]]],
  [
    'Bearer realm="https://auth.example/token",service="reg",scope="repository:a/b:pull,push"',
    [['bearer', { realm: 'https://auth.example/token', service: 'reg', scope: 'repository:a/b:pull,push' }]],
  ],
  // Commas stand between challenges as between parameters.
  [
    'Bearer realm="a", service=b, Basic realm="c", charset="UTF-8"',
    [
      ['bearer', { realm: 'a', service: 'b' }],
      ['basic', { realm: 'c', charset: 'UTF-8' }],
    ],
  ],
  [
    'Negotiate, NTLM, Basic realm="x"',
    [
      ['negotiate', {}],
      ['ntlm', {}],
      ['basic', { realm: 'x' }],
    ],
  ],
  [
    'Negotiate YWJj==, Bearer realm="x"',
    [
      ['negotiate', {}],
      ['bearer', { realm: 'x' }],
    ],
  ],
  ['BEARER REALM = "a\\"b\\\\c"', [['bearer', { realm: 'a"b\\c' }]]],
  ['Bearer realm="first",realm="second"', [['bearer', { realm: 'first' }]]],
  ['Bearer realm="never closed', [['bearer', { realm: '' }]]],
])('%s', (header, expected) => {
  const found = parseChallenges(header).map(({ scheme, parameters }) => [scheme, { ...parameters }]);
  expect(found).toEqual(expected);
});

test('anything is read, in a time that grows with its length', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (header) => Array.isArray(parseChallenges(header))),
  );
  const began = performance.now();
  for (const piece of ['a, ', 'a ', ' ', 'a=', '"\\', 'a="b" ']) parseChallenges(piece.repeat(20_000));
  expect(performance.now() - began).toBeLessThan(2_000);
});

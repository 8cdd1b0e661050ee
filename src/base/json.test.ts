import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ImageError } from './errors.ts';
import { canonicalJson, parseJson } from './json.ts';

const parse = (text: string, limit = 10_000) => parseJson(Buffer.from(text), 'the document', limit);
const text = (value: unknown) => Buffer.from(canonicalJson(value)).toString();

describe('canonicalJson', () => {
  test('keys by code unit, no white space, undefined left out', () => {
    expect(text({ b: 1, a: { z: null, É: [{ y: 1, x: 2 }], skipped: undefined } })).toBe(
      '{"a":{"z":null,"É":[{"x":2,"y":1}]},"b":1}',
    );
  });

  test('keys that look like numbers have no order of their own', () => {
    expect(text({ 9: 1, 10: 2, a: 3, '': 4 })).toBe('{"":4,"10":2,"9":1,"a":3}');
  });

  test('equal values have equal bytes, whatever the order of their keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const reversed = Object.fromEntries(Object.entries(object).reverse());
        expect(text(reversed)).toBe(text(object));
      }),
    );
  });

  test('reading gives the value back', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(parse(text(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('parseJson', () => {
  test.each([
    ['{', 'INVALID'],
    ['', 'INVALID'],
    ['[1,]', 'INVALID'],
    ['['.repeat(65), 'INVALID'],
    [`${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`, 'LIMIT'],
  ])('refuses %j', (input, code) => {
    try {
      parse(input);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ImageError);
      expect((error as ImageError).code).toBe(code);
      expect((error as ImageError).message).toMatch(/^the document/);
    }
  });

  test('brackets in strings are no nesting', () => {
    expect(parse(JSON.stringify({ a: '[{'.repeat(200), b: '\\"[' }))).toHaveProperty('a');
  });

  test('no UTF-8 is no JSON', () => {
    expect(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), 'the document', 10)).toThrow(/is not JSON/);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitsOctal, parseNumber, writeOctal } from './numbers.ts';

function parse(text: string): number {
  const bytes = Buffer.from(text, 'latin1');
  return parseNumber(bytes, 0, bytes.length);
}

describe('numbers in headers', () => {
  it.each([
    ['0000644\0', 0o644],
    ['   644 \0', 0o644],
    ['644 \0\0\0\0', 0o644],
    ['\0\0\0\0\0\0\0\0', 0],
    ['        ', 0],
    ['77777777777', 0o77777777777],
    ['0000007\0xyz', 7],
    ['\x80\0\0\0\0\0\0\x01', 1],
    ['\x80\0\0\0\xb2\xd0\x5e\x00', 3_000_000_000],
    ['\xff\xff\xff\xff\xff\xff\xff\xff', -1],
    ['\xff\xff\xff\xff\x88\xca\x6c\x00', -2_000_000_000],
    ['\x80\0\0\0\0\x1f\xff\xff\xff\xff\xff\xff', Number.MAX_SAFE_INTEGER],
  ])('%j is %d', (text, value) => expect(parse(text)).toBe(value));

  it.each(['00008\0', '12x', '-0000001', '1a', '\x80\0\0\0\0\x20\0\0\0\0\0\0', '\xc0\0\0\0\0\0\0\0\0\0\0\0'])(
    '%j is malformed or too large',
    (text) => expect(parse(text)).toBeNaN(),
  );

  it('are written so that they read back', () => {
    fc.assert(
      fc.property(fc.constantFrom(8, 12), fc.maxSafeNat(), (width, value) => {
        if (!fitsOctal(value, width)) return value >= 8 ** (width - 1);
        const bytes = new Uint8Array(width);
        writeOctal(bytes, 0, width, value);
        return parseNumber(bytes, 0, width) === value && bytes[width - 1] === 0;
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ImageError } from '../../base/errors.ts';
import { decodeName } from '../../base/names.ts';
import { formatTime, parsePax, parseTime } from './pax.ts';
import { encodePax } from './pax-encode.ts';
import { xattrKey, xattrsOf } from './xattrs.ts';

const records = (text: string) =>
  [...parsePax(Buffer.from(text, 'latin1'))].map(([key, value]) => [key, Buffer.from(value).toString('latin1')]);

describe('PAX records', () => {
  it('are key and value, the last of equal keys winning', () => {
    expect(records('6 a=1\n6 b=2\n6 a=3\n')).toEqual([
      ['a', '3'],
      ['b', '2'],
    ]);
  });

  it('hold anything in the value: line ends, equal signs, bytes that are no text', () => {
    expect(records('14 a=\n=\xff\0 \n\n\n\n')).toEqual([['a', '\n=\xff\0 \n\n\n']]);
  });

  it('may count with leading zeros, and may be empty', () => {
    expect(records('0008 a=\n')).toEqual([['a', '']]);
    expect(records('')).toEqual([]);
  });

  it.each([
    '6 a=1',
    '5 a=1\n',
    '7 a=1\n',
    '99 a=1\n',
    '6 =1x\n',
    '6 ab1\n',
    ' 6 a=1\n',
    '+6 a=1\n',
    '6a=1\n\n\n',
    '0 a=1\n',
    '-6 a=1\n',
    '9999999999999999999999 a=1\n',
    '11 path=a\0\n',
    '8 a\0b=1\n',
    '23 GNU.sparse.offset=0\n23 GNU.sparse.offset=0\n',
  ])('%j is refused', (text) => expect(() => records(text)).toThrow(ImageError));

  it('gather the pairs of sparse format 0.0', () => {
    const text = '24 GNU.sparse.offset=10\n25 GNU.sparse.numbytes=5\n';
    expect(records(text)).toEqual([['GNU.sparse.map', '10,5']]);
  });

  it('are written so that they read back', () => {
    const key = fc.string({ minLength: 1, unit: fc.constantFrom('a', '.', 'ü', '\u{1f600}') });
    const value = fc.uint8Array({ maxLength: 2000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value)), (list) => {
        const read = parsePax(encodePax(list.map(([name, bytes]) => [name, bytes])));
        expect([...read].map(([name, bytes]) => [name, [...bytes]])).toEqual(
          [...new Map(list)].map(([name, bytes]) => [name, [...bytes]]),
        );
      }),
    );
  });

  it.each([8, 9, 10, 97, 98, 99, 100, 995, 996, 997, 998])('count their own digits right at %i', (length) => {
    const [[, value] = []] = [...parsePax(encodePax([['k', 'v'.repeat(length)]]))];
    expect(value?.length).toBe(length);
  });
});

describe('PAX times', () => {
  it.each([
    ['0', 0, 0],
    ['1700000000.5', 1_700_000_000, 500_000_000],
    ['1.', 1, 0],
    ['-1', -1, 0],
    ['-1.5', -2, 500_000_000],
    ['-0.75', -1, 250_000_000],
    ['-0', 0, 0],
    ['1.1234567891', 1, 123_456_789],
    ['-1.1234567891', -2, 876_543_210],
    ['-1.9999999999', -2, 0],
    ['0000001', 1, 0],
  ])('%s', (text, seconds, nanoseconds) => expect(parseTime(text)).toEqual({ seconds, nanoseconds }));

  it.each(['', 'x', '.5', '1e3', '--1', '+1', '1.5.5', ' 1', '99999999999999999'])('%j is none', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  it('are written so that they read back', () => {
    const seconds = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
    fc.assert(
      fc.property(seconds, fc.integer({ min: 0, max: 999_999_999 }), (whole, nanoseconds) => {
        const time = { seconds: whole, nanoseconds };
        expect(parseTime(formatTime(time))).toEqual(time);
      }),
    );
  });
});

describe('extended attributes', () => {
  it('have names that survive as keys', () => {
    const name = fc.string({ minLength: 1, unit: fc.constantFrom('%', '=', '3', 'D', '2', '5', 'é', '.') });
    fc.assert(
      fc.property(name, (attribute) => {
        const found = xattrsOf(parsePax(encodePax([[xattrKey(attribute), 'x']])));
        expect([...(found ?? [])].map(([key]) => key)).toEqual([attribute]);
      }),
    );
  });

  it('are read from bsdtar too, the bare value winning', () => {
    const found = xattrsOf(
      parsePax(
        encodePax([
          ['LIBARCHIVE.xattr.user.a%20b%C3%A9%zz', 'AP8='],
          ['SCHILY.xattr.user.c', 'bare'],
          ['LIBARCHIVE.xattr.user.c', 'AAAA'],
        ]),
      ),
    );
    expect([...(found ?? [])].map(([key, value]) => [key, decodeName(value)])).toEqual([
      ['user.a bé%zz', '\0\udcff'],
      ['user.c', 'bare'],
    ]);
  });
});

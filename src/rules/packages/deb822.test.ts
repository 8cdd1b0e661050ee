import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ImageError } from '../../base/errors.ts';
import { paragraphs } from './deb822.ts';

function parse(text: string, fields?: ReadonlySet<string>) {
  const options = { what: 'status', ...(fields === undefined ? {} : { fields }) };
  return [...paragraphs(Buffer.from(text), options)].map((one) => Object.fromEntries(one));
}

describe('paragraphs', () => {
  test('are separated by empty lines, and by lines of white space', () => {
    expect(parse('A: 1\n\nA: 2\n \t\n\nA: 3')).toEqual([{ a: '1' }, { a: '2' }, { a: '3' }]);
  });

  test('keep continuation lines, with their white space', () => {
    expect(parse('Conffiles:\n /etc/a 1\n\t/etc/b 2\nB: x\n')).toEqual([
      { conffiles: '\n /etc/a 1\n\t/etc/b 2', b: 'x' },
    ]);
  });

  test('skip comments, also between the lines of a value', () => {
    expect(parse('# first\nA: 1\n#no\n more\n')).toEqual([{ a: '1\n more' }]);
  });

  test('leave out fields nobody wants, with their continuation lines', () => {
    expect(parse('A: 1\nDescription: x\n y\nB: 2\n', new Set(['a', 'b']))).toEqual([{ a: '1', b: '2' }]);
  });

  test('exist even where no field is wanted', () => {
    expect(parse('A: 1\n\nB: 2\n', new Set())).toEqual([{}, {}]);
  });

  test('take carriage returns and odd spacing', () => {
    expect(parse('A :  1  \r\nB:2\r\n\r\nC:\r\n')).toEqual([{ a: '1', b: '2' }, { c: '' }]);
  });

  test.each([
    ['a line without a colon', 'A: 1\nbroken\n', /line 2/],
    ['a colon first', ': 1\n', /line 1/],
    ['a continuation of nothing', 'A: 1\n\n more\n', /line 3/],
  ])('refuse %s', (_, text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  test('of any bytes end with paragraphs or a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          for (const one of paragraphs(bytes, { what: 'x' })) expect(one).toBeInstanceOf(Map);
        } catch (error) {
          expect(error).toBeInstanceOf(ImageError);
        }
      }),
    );
  });
});

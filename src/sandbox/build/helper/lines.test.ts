import { expect, test } from 'vitest';
import { lineSplitter } from './lines.ts';

function split(...pieces: readonly (string | Buffer)[]): readonly string[] {
  const splitter = lineSplitter();
  return [...pieces.flatMap((piece) => splitter.push(Buffer.from(piece as string))), ...splitter.end()];
}

test.each([
  [['one\ntwo\n'], ['one', 'two']],
  [
    ['o', 'ne\nt', 'wo'],
    ['one', 'two'],
  ],
  [['\n\n'], ['', '']],
  [[], []],
  [['10%\r20%\r\n'], ['10%\r20%\r']],
])('lines of %j', (pieces, expected) => {
  expect(split(...pieces)).toEqual(expected);
});

test('a character that comes in two pieces is one; bytes that are none are replaced', () => {
  expect(split(Buffer.of(0xc3), Buffer.of(0xa4, 0x0a, 0xff, 0x0a))).toEqual(['ä', '\ufffd']);
});

test('a line without an end comes in pieces', () => {
  const lines = split(...Array.from({ length: 5 }, () => 'x'.repeat(50_000)));
  expect(lines.join('')).toHaveLength(250_000);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(64 * 1024);
});

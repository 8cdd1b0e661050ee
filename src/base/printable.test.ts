import { describe, expect, test } from 'vitest';
import { coloursAlone, cutText, plainText, printableText } from './printable.ts';

const RED = '\u001B[1;31mred\u001B[0m';

describe.each([
  ['clears the screen', 'a\u001B[2Jb'],
  ['goes up', 'a\u001B[3A\u001B[?25lb'],
  ['goes up, in C1', 'a\u009B3Ab'],
  ['a title, ended by BEL', 'a\u001B]0;title\u0007b'],
  ['a title, ended by ST', 'a\u001B]0;title\u001B\\b'],
  ['a title in C1', 'a\u009D0;title\u009Cb'],
  ['a device control string', 'a\u001BP+q544e\u001B\\b'],
  ['a reset, a character set', 'a\u001Bc\u001B(0b'],
])('%s', (_, text) => {
  test('is taken out', () => {
    expect(coloursAlone(text)).toBe('ab');
    expect(plainText(text)).toBe('ab');
  });
  test('is shown as what it is', () => {
    expect(printableText(text)).toMatch(/^a\\[\u0020-\u007E]*b$/);
  });
});

test('colours stay where they may, and so do tabs and line ends', () => {
  expect(coloursAlone(`${RED}\t10%\r20%\n`)).toBe(`${RED}\t10%\r20%\n`);
  expect(plainText(`${RED}\t10%\r20%\r`)).toBe('20%');
  expect(plainText(`${RED}\tx`)).toBe('red\tx');
  expect(printableText('one\n\ttwo \u001B[31m')).toBe('one\n\ttwo \\x1b[31m');
});

test('what begins as a sequence and is none loses what makes it one', () => {
  expect(coloursAlone('a\u001B]0;no end')).toBe('a0;no end');
  expect(coloursAlone('\b\u0007a\u001B')).toBe('a');
  expect(coloursAlone('\u001B[31\u001B[2Jm')).toBe('31m');
  // What is left when a sequence is taken out is no sequence.
  expect(coloursAlone('\u001B\u001B[2J[2J')).toBe('[2J');
});

test.each(['\u001B]', '\u009D', '\u001B[', '\u001B[;', '\u001B ', 'x', '\u001B]a\u001B'])(
  'a megabyte of %j takes no long time',
  (piece) => {
    const text = piece.repeat(1e6 / piece.length);
    const began = performance.now();
    coloursAlone(text);
    plainText(text);
    expect(performance.now() - began).toBeLessThan(2000);
  },
);

test('cuts long text, and no character', () => {
  expect(cutText('abc', 3)).toBe('abc');
  expect(cutText('abcd', 3)).toBe('abc…');
  expect(cutText('ab😀d', 3)).toBe('ab…');
});

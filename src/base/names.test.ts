import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeName, encodeName, hasEscapes, nameInterner, printableName } from './names.ts';

/** Bytes that make, break and nearly make sequences of UTF-8. */
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 3 }),
      fc.constantFrom(
        [0xed, 0xa0, 0x80],
        [0xed, 0xb2, 0x80],
        [0xc0, 0x80],
        [0xf4, 0x90, 0x80, 0x80],
        [0xef, 0xbb, 0xbf],
      ),
      fc.string({ unit: 'binary', maxLength: 2 }).map((text) => Buffer.from(text)),
    ),
  )
  .map((parts) => Buffer.concat(parts.map((part) => Uint8Array.from(part))));

describe('names', () => {
  test('bytes survive being text', () => {
    fc.assert(
      fc.property(bytes, (name) => {
        expect(encodeName(decodeName(name)).equals(name)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  test('different bytes are different text, and text that is UTF-8 is itself', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(decodeName(a) === decodeName(b)).toBe(a.equals(b));
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(decodeName(Buffer.from(text))).toBe(text);
      }),
    );
  });

  test('only what is no UTF-8 has escapes', () => {
    const isUtf8 = (name: Buffer) => Buffer.from(name.toString('utf8')).equals(name);
    fc.assert(
      fc.property(bytes, (name) => {
        expect(hasEscapes(decodeName(name))).toBe(!isUtf8(name));
      }),
      { numRuns: 5000 },
    );
  });

  test('as Python has it', ({ skip }) => {
    const names = fc.sample(bytes, { numRuns: 500, seed: 1 });
    const script = `import sys
for line in sys.stdin: print(bytes.fromhex(line.strip()).decode('utf-8', 'surrogateescape').encode('utf-16-le', 'surrogatepass').hex())`;
    let out: string;
    try {
      const input = names.map((name) => name.toString('hex')).join('\n');
      out = execFileSync('python3', ['-c', script], { input: `${input}\n`, encoding: 'utf8' });
    } catch (error) {
      if (process.env['CI'] !== undefined || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return skip('python3 is not here');
    }
    const theirs = out.trimEnd().split('\n');
    expect(names.map((name) => Buffer.from(decodeName(name), 'utf16le').toString('hex'))).toEqual(theirs);
  });

  test.each([
    ['plain é \u{1F600}', 'plain é \u{1F600}'],
    [decodeName(Uint8Array.of(0x61, 0xff, 0xc3)), 'a\\xff\\xc3'],
    ['bell\u0007 esc\u001b[2J del\u007f', 'bell\\x07 esc\\x1b[2J del\\x7f'],
    ['c1\u009b2J', 'c1\\u{9b}2J'],
    ['gnp.\u202Eexe', 'gnp.\\u{202e}exe'],
    ['two\u2028lines', 'two\\u{2028}lines'],
  ])('prints %j', (name, shown) => {
    expect(printableName(name)).toBe(shown);
  });

  test('an interner gives one string for equal names, and the right one', () => {
    const intern = nameInterner();
    const names = [
      'short',
      'a name that is sliced',
      'ein längerer Name',
      'имя на кириллице',
      '\uDC80 no UTF-8 in this name',
    ];
    for (const name of names) {
      const cut = `/some/where/${name}/else`.split('/')[3] as string;
      expect(intern(cut)).toBe(name);
    }
    for (let i = 0; i < 70_000; i++) expect(intern(`file number ${i}`)).toBe(`file number ${i}`);
  });
});

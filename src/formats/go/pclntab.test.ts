import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findPclntab, goFunctionNames } from './pclntab.ts';

const NAMES = ['main.main', 'net/http.(*Client).Do', 'crypto/x509.(*Certificate).Verify'];

interface Layout {
  readonly magic: number;
  readonly pointer: 4 | 8;
  readonly little: boolean;
}

/** A table as the linker of that Go version lays it out, with nothing but names. */
function tableOf(names: readonly string[], { magic, pointer, little }: Layout): Buffer {
  const words = magic === 0xfffffffb ? 2 + 2 * names.length : magic === 0xfffffffa ? 6 : 7;
  const text = Buffer.from(names.map((name) => `${name}\0`).join(''));
  const header = 8 + words * pointer;
  const records = magic === 0xfffffffb ? names.length * (pointer + 4) : 0;
  const table = Buffer.alloc(header + records + text.length);
  const u32 = (value: number, at: number) => (little ? table.writeUInt32LE(value, at) : table.writeUInt32BE(value, at));
  const word = (value: number, index: number) => {
    const at = 8 + index * pointer;
    if (pointer === 4) u32(value, at);
    else u32(value, little ? at : at + 4);
  };
  u32(magic, 0);
  table[6] = 1;
  table[7] = pointer;
  word(names.length, 0);
  const start = header + records;
  if (magic !== 0xfffffffb) {
    const first = magic === 0xfffffffa ? 2 : 3;
    word(start, first);
    word(table.length, first + 1);
  } else {
    let at = start;
    names.forEach((name, i) => {
      const record = header + i * (pointer + 4);
      word(record, 2 + 2 * i);
      u32(at, record + pointer);
      at += name.length + 1;
    });
  }
  text.copy(table, start);
  return table;
}

const LAYOUTS = [0xfffffffb, 0xfffffffa, 0xfffffff0, 0xfffffff1].flatMap((magic) =>
  ([4, 8] as const).flatMap((pointer) => [true, false].map((little) => ({ magic, pointer, little }))),
);

describe.each(LAYOUTS)('a table with magic $magic, pointers of $pointer bytes, little endian: $little', (layout) => {
  const endian = layout.little ? 'little' : 'big';

  test('names its functions', () => {
    expect(goFunctionNames(tableOf(NAMES, layout), endian)).toEqual(NAMES);
  });

  test('is found among other bytes', () => {
    const table = tableOf(NAMES, layout);
    expect(findPclntab(Buffer.concat([Buffer.from([1, 0xff, 0xff, 0xff, 0xff, 0, 0]), table]), endian)).toBe(7);
    expect(findPclntab(Buffer.alloc(100), endian)).toBe(-1);
  });

  test('that lies or ends early costs nothing and throws nothing', () => {
    const table = tableOf(NAMES, layout);
    fc.assert(
      fc.property(fc.nat(table.length), fc.array(fc.tuple(fc.nat(table.length - 1), fc.nat(255))), (end, changes) => {
        const broken = Buffer.from(table);
        for (const [at, byte] of changes) broken[at] = byte;
        expect(Array.isArray(goFunctionNames(broken.subarray(0, end), endian))).toBe(true);
      }),
    );
  });
});

test('other bytes are no table', () => {
  expect(goFunctionNames(Buffer.alloc(0), 'little')).toEqual([]);
  expect(goFunctionNames(Buffer.from('not a table at all'), 'little')).toEqual([]);
});

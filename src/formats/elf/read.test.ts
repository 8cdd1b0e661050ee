import { describe, expect, it } from 'vitest';
import { type ElfSketch, elfFile, readerOf } from '../../../test/elf.ts';
import { ImageError } from '../../base/errors.ts';
import { readElf } from './read.ts';
import { readSections } from './sections.ts';
import { readDynamicSymbols } from './symbols.ts';
import type { Elf } from './types.ts';

const read = (bytes: Uint8Array) => readElf(readerOf(bytes), bytes.length);

const RICH: ElfSketch = {
  interp: '/lib/ld.so',
  soname: 'libsélf.so.1',
  needed: ['liba.so', 'libb.so'],
  rpath: '$ORIGIN/x',
  runpath: '/y:/z',
  filter: 'libf.so',
  auxiliary: 'libaux.so',
  audit: 'libaudit.so',
  flags1: 0x800,
  wants: { 'liba.so': ['A_1', 'A_2?'], 'libb.so': ['B_1'] },
  defines: ['S_1', 'S_2'],
  imports: ['puts', 'open'],
  exports: ['main'],
  notes: [
    { owner: 'GNU', type: 3, desc: 'id' },
    { owner: 'FDO', type: 0x407c0c0a, desc: '[{"soname":["liblzma.so.5"]}]\0' },
  ],
  sections: true,
};

describe.each([
  { bits: 64, endian: 'little', machine: 62 },
  { bits: 64, endian: 'big', machine: 22 },
  { bits: 32, endian: 'little', machine: 40 },
  { bits: 32, endian: 'big', machine: 8 },
] as const)('$bits bits, $endian endian', (layout) => {
  const bytes = elfFile({ ...RICH, ...layout, flags: 0x5000400 });

  it('reads what the file says of itself', async () => {
    expect(await read(bytes)).toMatchObject({
      ...layout,
      type: 3,
      flags: 0x5000400,
      osabi: 0,
      size: bytes.length,
      interp: '/lib/ld.so',
      dynamic: {
        soname: 'libsélf.so.1',
        needed: ['liba.so', 'libb.so'],
        rpath: '$ORIGIN/x',
        runpath: '/y:/z',
        filter: ['libf.so'],
        auxiliary: ['libaux.so'],
        audit: ['libaudit.so'],
        depaudit: [],
        flags1: 0x800,
        versionsDefined: ['S_1', 'S_2'],
        versionBase: 'libsélf.so.1',
        versionsNeeded: [
          {
            file: 'liba.so',
            versions: [
              { name: 'A_1', weak: false },
              { name: 'A_2', weak: true },
            ],
          },
          { file: 'libb.so', versions: [{ name: 'B_1', weak: false }] },
        ],
      },
    });
  });

  it('reads notes, sections and symbols', async () => {
    const elf = (await read(bytes)) as Elf;
    expect(elf.notes.map(({ owner, type }) => [owner, type])).toEqual([
      ['GNU', 3],
      ['FDO', 0x407c0c0a],
    ]);
    expect(Buffer.from(elf.notes[1]?.desc ?? []).toString()).toBe('[{"soname":["liblzma.so.5"]}]\0');
    const sections = await readSections(elf, readerOf(bytes));
    expect(sections.map(({ name }) => name)).toEqual(['', '.dynsym', '.dynstr', '.shstrtab']);
    const symbols = { imports: ['puts', 'open'], exports: ['main'] };
    expect(await readDynamicSymbols(elf, readerOf(bytes))).toEqual(symbols);
  });

  it('reads the same of a file without sections', async () => {
    const bare = elfFile({ ...RICH, ...layout, sections: false });
    const elf = (await read(bare)) as Elf;
    expect(await readSections(elf, readerOf(bare))).toEqual([]);
    expect((await readDynamicSymbols(elf, readerOf(bare))).imports).toEqual(['puts', 'open']);
  });
});

describe('readElf', () => {
  it('knows other files by their first bytes', async () => {
    expect(await read(Buffer.from('#!/bin/sh\n'))).toBeUndefined();
    expect(await read(Buffer.from(''))).toBeUndefined();
    expect(await read(Buffer.from([0x7f, 0x45]))).toBeUndefined();
  });

  it('finds no dynamic section in a static program and in separate debugging information', async () => {
    expect((await read(elfFile({ dynamic: false })))?.dynamic).toBeUndefined();
    const emptied = elfFile();
    const at = 64 + 56;
    expect(emptied.readUInt32LE(at)).toBe(2);
    emptied.writeBigUInt64LE(0n, at + 32);
    expect((await read(emptied))?.dynamic).toBeUndefined();
  });

  it('takes the number of segments from section 0 where it does not fit', async () => {
    const bytes = elfFile({ needed: ['liba.so'], sections: true });
    const count = bytes.readUInt16LE(56);
    const section = Number(bytes.readBigUInt64LE(40));
    bytes.writeUInt16LE(0xffff, 56);
    bytes.writeUInt32LE(count, section + 44);
    expect((await read(bytes))?.dynamic?.needed).toEqual(['liba.so']);
  });

  it.each([
    ['half a header', (bytes: Buffer) => bytes.subarray(0, 40)],
    ['no class', (bytes: Buffer) => patched(bytes, 4, 9)],
    ['no byte order', (bytes: Buffer) => patched(bytes, 5, 0)],
    ['segments behind the end', (bytes: Buffer) => patched(bytes, 33, 0xff)],
    ['segments of the wrong size', (bytes: Buffer) => patched(bytes, 54, 3)],
    ['a dynamic section without its strings', (bytes: Buffer) => patched(bytes, bytes.lastIndexOf(5), 99)],
  ])('calls it broken: %s', async (_, breaking) => {
    const error = await read(breaking(elfFile({ soname: 'x' }))).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ImageError);
    expect(error).toMatchObject({ code: 'INVALID', message: expect.stringMatching(/^broken ELF file: /) });
  });

  it('reads only the ranges it needs', async () => {
    const bytes = Buffer.concat([elfFile(RICH), Buffer.alloc(10_000_000)]);
    let total = 0;
    await readElf(async (offset, size) => {
      total += size;
      return bytes.subarray(offset, offset + size);
    }, bytes.length);
    expect(total).toBeLessThan(100_000);
  });
});

function patched(bytes: Buffer, at: number, value: number): Buffer {
  bytes.writeUInt8(value, at);
  return bytes;
}

/** All that is read of ELF files. @module */
import { readElf } from '../../src/formats/elf/read.ts';
import { readSections } from '../../src/formats/elf/sections.ts';
import { readDynamicSymbols, readStaticSymbols } from '../../src/formats/elf/symbols.ts';
import { loadByName, loadProgram } from '../../src/loader/load.ts';
import { treeFiles } from '../../src/ports/tree-files.ts';
import { elfFile, readerOf } from '../elf.ts';
import { treeOf } from '../images.ts';

const LAYOUTS = [
  { bits: 64, endian: 'little' },
  { bits: 32, endian: 'big', machine: 8 },
] as const;

const seeds = () => [
  ...LAYOUTS.map((layout) =>
    elfFile({
      ...layout,
      interp: '/lib/ld.so',
      soname: 'liba.so',
      needed: ['libb.so', '$ORIGIN/libc.so'],
      rpath: '$ORIGIN:${LIB}:',
      filter: 'libf.so',
      wants: { 'libb.so': ['B_1', 'B_2?'] },
      defines: ['A_1'],
      imports: ['puts'],
      exports: ['main'],
      notes: [{ owner: 'GNU', type: 1, desc: Buffer.alloc(16) }],
      sections: true,
    }),
  ),
  elfFile({ dynamic: false, type: 2 }),
];

export const elf = {
  name: 'elf',
  async run(bytes: Uint8Array): Promise<void> {
    const read = readerOf(bytes);
    const file = await readElf(read, bytes.length);
    if (file === undefined) return;
    for (const part of [readSections, readDynamicSymbols, readStaticSymbols]) await part(file, read);
  },
  seeds,
};

/** The bytes as program, as library, as loader and as loader's cache at once. */
export const loader = {
  name: 'loader',
  async run(bytes: Uint8Array): Promise<void> {
    const names = ['/app/main', '/app/libb.so', '/app/libf.so', '/lib/ld.so', '/lib/libb.so', '/etc/ld.so.cache'];
    const files = treeFiles(treeOf(Object.fromEntries(names.map((name) => [name, bytes]))));
    await loadProgram(files, '/app/main', { cpu: 'all', env: { LD_PRELOAD: 'libb.so', LD_LIBRARY_PATH: ':$ORIGIN' } });
    await loadByName(files, 'libb.so', { program: '/app/main' });
  },
  seeds,
};

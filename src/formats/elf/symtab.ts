/**
 * Names of the functions that a file defines itself, from `.symtab` (gABI, "Symbol Table"): what a static program that was
 * not stripped says of itself.
 * @module
 */
import { decodeName } from '../../base/names.ts';
import { readSections } from './sections.ts';
import type { Elf, ElfSection } from './types.ts';

const SHT_SYMTAB = 2;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;

/** Larger tables than any program's; the rest of a larger one is not read. */
const MAX_TABLE = 128 * 1024 * 1024;

/**
 * Names of functions in `.symtab`, each once, unsorted; empty where the file is stripped.
 * @param read bytes of the file by offset and size; may give fewer at the file's end
 */
export async function functionsDefined(
  elf: Elf,
  read: (offset: number, size: number) => Promise<Uint8Array>,
): Promise<string[]> {
  const sections = await readSections(elf, read);
  const table = sections.find((section) => section.type === SHT_SYMTAB);
  const strings = table === undefined ? undefined : sections[table.link];
  if (table === undefined || strings === undefined) return [];
  const symbols = await readSection(table, read);
  const names = await readSection(strings, read);
  const found = new Set<string>();
  for (const offset of nameOffsets(elf, symbols)) {
    const end = offset < names.length ? names.indexOf(0, offset) : -1;
    if (end > offset) found.add(decodeName(names.subarray(offset, end)));
  }
  return [...found];
}

async function readSection(section: ElfSection, read: (offset: number, size: number) => Promise<Uint8Array>) {
  return read(section.offset, Math.min(section.size, MAX_TABLE));
}

/** st_name of every defined function. Elf32_Sym: name, value, size, info, other, shndx; Elf64_Sym: name, info, other, shndx, … */
function* nameOffsets(elf: Elf, symbols: Uint8Array): Generator<number> {
  const view = new DataView(symbols.buffer, symbols.byteOffset, symbols.length);
  const little = elf.endian === 'little';
  const size = elf.bits === 64 ? 24 : 16;
  const info = elf.bits === 64 ? 4 : 12;
  for (let at = 0; at + size <= symbols.length; at += size) {
    const type = view.getUint8(at + info) & 0xf;
    const defined = view.getUint16(at + info + 2, little) !== 0;
    if (defined && (type === STT_FUNC || type === STT_GNU_IFUNC)) yield view.getUint32(at, little);
  }
}

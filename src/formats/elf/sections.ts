/** Section headers (gABI, "Sections"). Not needed to load a program, and absent from some: asked for apart. @module */
import type { Elf, ElfSection, ReadRange } from './types.ts';
import { broken, bytesOf, type ElfView, openView, stringTable, word } from './view.ts';

/** A relocatable with a section for each function can have over 65,536. */
const MAX_SECTIONS = 1024 * 1024;
const MAX_NAMES = 64 * 1024 * 1024;
/** e_shstrndx where the index does not fit: sh_link of section 0 has it. */
const SHN_XINDEX = 0xffff;

/** All sections in order, the empty one at index 0 included; none for a file without. @throws ImageError INVALID */
export async function readSections(elf: Elf, read: ReadRange): Promise<ElfSection[]> {
  const { offset, entrySize } = elf.sectionTable;
  if (offset === 0) return [];
  const view = openView(read, elf.size, elf);
  const least = elf.bits === 64 ? 64 : 40;
  if (entrySize < least) throw broken(`section headers of ${entrySize} bytes`);
  const first = headerAt(await view.read(offset, least), 0, view);
  const count = elf.sectionTable.count || first.size;
  if (count > MAX_SECTIONS) throw broken(`${count} sections`);
  const table = await view.read(offset, entrySize * count);
  const headers = Array.from({ length: count }, (_, i) => headerAt(table, i * entrySize, view));
  const names = headers[elf.sectionTable.names === SHN_XINDEX ? first.link : elf.sectionTable.names];
  if (names === undefined || names.size > MAX_NAMES || names.offset + names.size > elf.size)
    return headers.map(unnamed);
  const text = stringTable(bytesOf(await view.read(names.offset, names.size)));
  return headers.map(({ nameAt, ...section }) => ({ name: text(nameAt), ...section }));
}

type Header = Omit<ElfSection, 'name'> & { readonly nameAt: number };

function headerAt(table: DataView, at: number, view: ElfView): Header {
  const wide = view.bits === 64;
  const u32 = (offset: number) => table.getUint32(at + offset, view.little);
  const size = (narrow: number, broad: number) => word(table, at + (wide ? broad : narrow), view);
  return {
    nameAt: u32(0),
    type: u32(4),
    flags: size(8, 8),
    addr: size(12, 16),
    offset: size(16, 24),
    size: size(20, 32),
    link: u32(wide ? 40 : 24),
    info: u32(wide ? 44 : 28),
    entrySize: size(36, 56),
  };
}

function unnamed({ nameAt: _, ...section }: Header): ElfSection {
  return { name: '', ...section };
}

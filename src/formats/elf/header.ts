/** The ELF header and the program header table (gABI chapters 4 and 5). @module */
import { PT } from './constants.ts';
import type { ElfSegment, SectionTable } from './types.ts';
import { broken, type ElfView, type Layout, word } from './view.ts';

/** e_phnum where the number does not fit: the real one is in sh_info of section 0. */
const PN_XNUM = 0xffff;

/** More than any linker makes; the kernel itself refuses over 64 KiB of program headers. */
const MAX_SEGMENTS = 65536;

export interface ElfHeader {
  readonly osabi: number;
  readonly abiVersion: number;
  readonly type: number;
  readonly machine: number;
  readonly flags: number;
  readonly entry: number;
  readonly segmentTable: { readonly offset: number; readonly entrySize: number; readonly count: number };
  readonly sectionTable: SectionTable;
}

/** Class and byte order from e_ident, or undefined where the magic number is missing. @throws ImageError INVALID */
export function readLayout(ident: Uint8Array): Layout | undefined {
  if (ident.length < 4 || ident[0] !== 0x7f || ident[1] !== 0x45 || ident[2] !== 0x4c || ident[3] !== 0x46) {
    return undefined;
  }
  if (ident.length < 16) throw broken('it ends inside its header');
  const bits = ident[4] === 1 ? 32 : ident[4] === 2 ? 64 : undefined;
  const endian = ident[5] === 1 ? 'little' : ident[5] === 2 ? 'big' : undefined;
  if (bits === undefined) throw broken(`class ${ident[4]} is neither 32 nor 64 bits`);
  if (endian === undefined) throw broken(`data encoding ${ident[5]} is neither little nor big endian`);
  return { bits, endian };
}

export async function readHeader(view: ElfView): Promise<ElfHeader> {
  const wide = view.bits === 64;
  const head = await view.read(0, wide ? 64 : 52);
  const half = (at: number) => head.getUint16(at, view.little);
  /** Offset of e_flags: what follows has the same shape in both classes. */
  const rest = wide ? 48 : 36;
  return {
    osabi: head.getUint8(7),
    abiVersion: head.getUint8(8),
    type: half(16),
    machine: half(18),
    flags: head.getUint32(rest, view.little),
    entry: word(head, 24, view),
    segmentTable: { offset: word(head, wide ? 32 : 28, view), entrySize: half(rest + 6), count: half(rest + 8) },
    sectionTable: {
      offset: word(head, wide ? 40 : 32, view),
      entrySize: half(rest + 10),
      count: half(rest + 12),
      names: half(rest + 14),
    },
  };
}

export async function readSegments(view: ElfView, header: ElfHeader): Promise<ElfSegment[]> {
  const { offset, entrySize } = header.segmentTable;
  const count = await segmentCount(view, header);
  if (count === 0 || offset === 0) return [];
  const least = view.bits === 64 ? 56 : 32;
  if (entrySize < least) throw broken(`program headers of ${entrySize} bytes`);
  if (count > MAX_SEGMENTS) throw broken(`${count} program headers`);
  const table = await view.read(offset, entrySize * count);
  return Array.from({ length: count }, (_, i) => segmentAt(table, i * entrySize, view));
}

async function segmentCount(view: ElfView, header: ElfHeader): Promise<number> {
  const { count } = header.segmentTable;
  if (count !== PN_XNUM || header.sectionTable.offset === 0) return count;
  const first = await view.read(header.sectionTable.offset, view.bits === 64 ? 64 : 40);
  return first.getUint32(view.bits === 64 ? 44 : 28, view.little);
}

function segmentAt(table: DataView, at: number, view: ElfView): ElfSegment {
  const wide = view.bits === 64;
  const u32 = (offset: number) => table.getUint32(at + offset, view.little);
  const size = (narrow: number, broad: number) => word(table, at + (wide ? broad : narrow), view);
  return {
    type: u32(0),
    flags: u32(wide ? 4 : 24),
    offset: size(4, 8),
    vaddr: size(8, 16),
    fileSize: size(16, 32),
    memSize: size(20, 40),
    align: size(28, 48),
  };
}

/** Where in the file the byte at this virtual address lies; undefined where no segment is loaded from the file there. */
export function fileOffset(segments: readonly ElfSegment[], vaddr: number): number | undefined {
  for (const { type, offset, vaddr: start, fileSize } of segments) {
    if (type === PT.LOAD && vaddr >= start && vaddr - start < fileSize) return offset + (vaddr - start);
  }
  return undefined;
}

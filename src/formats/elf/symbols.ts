/** Names of symbols: .dynsym by way of the dynamic section, .symtab by way of sections. Read only when asked for. @module */
import { DT, EM, SHT } from './constants.ts';
import { fileOffset } from './header.ts';
import { readSections } from './sections.ts';
import type { Elf, ReadRange } from './types.ts';
import { broken, bytesOf, type ElfView, openView, stringTable, word } from './view.ts';

/** More symbols than any program has (a Chromium with all of its own: 3 million). */
const MAX_SYMBOLS = 16 * 1024 * 1024;
const MAX_STRINGS = 256 * 1024 * 1024;

/** The last chain is read in pieces of so many bytes: most are shorter. */
const CHAIN_PIECE = 256;

const STB_LOCAL = 0;
const STV_INTERNAL = 1;
const STV_HIDDEN = 2;

/** Symbol names, each once, in the order of the table. */
export interface SymbolNames {
  /** Undefined: taken from another object. */
  readonly imports: readonly string[];
  /** Defined and visible to other objects (of .symtab: also local functions and data). */
  readonly exports: readonly string[];
}

const NONE: SymbolNames = { imports: [], exports: [] };

/**
 * Names in the dynamic symbol table; empty without one. Works without sections.
 * @param only the list that is wanted: the other is left empty, which saves most of the time
 * @throws ImageError INVALID
 */
export async function readDynamicSymbols(elf: Elf, read: ReadRange, only?: keyof SymbolNames): Promise<SymbolNames> {
  if (elf.dynamic === undefined) return NONE;
  const view = openView(read, elf.size, elf);
  const value = (tag: number) => elf.dynamic?.entries.findLast((one) => one.tag === tag)?.value;
  const place = (tag: number) => {
    const address = value(tag);
    return address === undefined ? undefined : fileOffset(elf.segments, address);
  };
  const table = place(DT.SYMTAB);
  const strings = place(DT.STRTAB);
  if (table === undefined || strings === undefined) return NONE;
  const count = await dynamicCount(elf, read, view, place, value(DT.MIPS_SYMTABNO));
  const size = Math.min(value(DT.STRSZ) ?? 0, elf.size - strings);
  return namesOf(view, { offset: table, count }, { offset: strings, size }, { locals: false, only });
}

/** Names in .symtab, which a stripped file does not have: then empty. @throws ImageError INVALID */
export async function readStaticSymbols(elf: Elf, read: ReadRange): Promise<SymbolNames> {
  const sections = await readSections(elf, read);
  const table = sections.find((one) => one.type === SHT.SYMTAB);
  const strings = table && sections[table.link];
  if (table === undefined || strings === undefined) return NONE;
  const view = openView(read, elf.size, elf);
  const count = Math.floor(table.size / symbolSize(elf));
  return namesOf(view, { offset: table.offset, count }, strings, { locals: true });
}

function symbolSize(elf: Pick<Elf, 'bits'>): number {
  return elf.bits === 64 ? 24 : 16;
}

/** The dynamic section does not say how many symbols there are: the hash tables do, else the section headers. */
async function dynamicCount(
  elf: Elf,
  read: ReadRange,
  view: ElfView,
  place: (tag: number) => number | undefined,
  mips: number | undefined,
): Promise<number> {
  if (elf.machine === EM.MIPS && mips !== undefined) return mips;
  const hash = place(DT.HASH);
  if (hash !== undefined) return hashCount(elf, view, hash);
  const gnu = place(DT.GNU_HASH);
  const hashed = gnu === undefined ? undefined : await gnuHashCount(view, gnu);
  if (hashed !== undefined) return hashed;
  const section = (await readSections(elf, read)).find((one) => one.type === SHT.DYNSYM);
  if (section !== undefined) return Math.floor(section.size / symbolSize(elf));
  // All linkers put the strings behind the symbols.
  const gap = (place(DT.STRTAB) ?? 0) - (place(DT.SYMTAB) ?? 0);
  return gap > 0 ? Math.floor(gap / symbolSize(elf)) : 0;
}

/** nchain of DT_HASH. Its words have 64 bits on 64-bit s390 and alpha. */
async function hashCount(elf: Elf, view: ElfView, at: number): Promise<number> {
  if ((elf.machine === EM.S390 && elf.bits === 64) || elf.machine === EM.ALPHA) {
    return word(await view.read(at + 8, 8), 0, { bits: 64, little: view.little });
  }
  return (await view.read(at + 4, 4)).getUint32(0, view.little);
}

/** DT_GNU_HASH: the end of the last chain; undefined where nothing is hashed, which says nothing of the imports. */
async function gnuHashCount(view: ElfView, at: number): Promise<number | undefined> {
  const head = await view.read(at, 16);
  const [buckets, first, bloom] = [0, 4, 8].map((offset) => head.getUint32(offset, view.little)) as [
    number,
    number,
    number,
  ];
  const bucketsAt = at + 16 + bloom * (view.bits / 8);
  const table = await view.read(bucketsAt, buckets * 4);
  let last = 0;
  for (let i = 0; i < buckets; i++) last = Math.max(last, table.getUint32(i * 4, view.little));
  if (last < first || last === 0) return undefined;
  const chains = bucketsAt + buckets * 4;
  while (last < MAX_SYMBOLS) {
    const entryAt = chains + (last - first) * 4;
    const entries = await view.read(entryAt, Math.max(4, Math.min(CHAIN_PIECE, (view.size - entryAt) & ~3)));
    for (let at = 0; at < entries.byteLength; at += 4, last++) {
      if ((entries.getUint32(at, view.little) & 1) === 1) return last + 1;
    }
  }
  throw broken('its GNU hash table does not end');
}

async function namesOf(
  view: ElfView,
  table: { offset: number; count: number },
  strings: { offset: number; size: number },
  options: { locals: boolean; only?: keyof SymbolNames | undefined },
): Promise<SymbolNames> {
  if (table.count > MAX_SYMBOLS || strings.size > MAX_STRINGS) throw broken(`${table.count} symbols`);
  const size = symbolSize(view);
  const symbols = await view.read(table.offset, table.count * size);
  const nameAt = stringTable(bytesOf(await view.read(strings.offset, strings.size)));
  const imports = new Set<string>();
  const exports = new Set<string>();
  const wide = view.bits === 64;
  for (let at = size; at < symbols.byteLength; at += size) {
    const info = symbols.getUint8(at + (wide ? 4 : 12));
    const visibility = symbols.getUint8(at + (wide ? 5 : 13)) & 3;
    const undefinedSymbol = symbols.getUint16(at + (wide ? 6 : 14), view.little) === 0;
    if (options.only === (undefinedSymbol ? 'exports' : 'imports')) continue;
    const hidden = info >> 4 === STB_LOCAL || visibility === STV_INTERNAL || visibility === STV_HIDDEN;
    if (!undefinedSymbol && !options.locals && hidden) continue;
    const name = nameAt(symbols.getUint32(at, view.little));
    if (name !== '') (undefinedSymbol ? imports : exports).add(name);
  }
  return { imports: [...imports], exports: [...exports] };
}

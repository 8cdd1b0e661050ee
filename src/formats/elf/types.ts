/**
 * What pare knows of an ELF file: gABI chapters 4 and 5, GNU extensions from elf.h. Values as in the file; offsets and
 * sizes in bytes; strings decoded as names (`base/names.ts`). Numbers above 2^53 lose their low bits: no offset inside a
 * file is that large.
 *
 * {@link Elf} holds what every user wants and what lies at the start of a file. What costs more is asked for apart, with
 * the same `read`: `readSections`, `readDynamicSymbols`, `readStaticSymbols`, `readStrings`, `readGoBuildInfo` …
 * @module
 */

/** Gives `size` bytes from `offset`; fewer only where the file ends before. */
export type ReadRange = (offset: number, size: number) => Promise<Uint8Array>;

export interface Elf {
  readonly bits: 32 | 64;
  readonly endian: 'little' | 'big';
  /** e_machine: 62 is x86-64, 183 AArch64, 40 ARM, 22 S390, 21 PPC64 … */
  readonly machine: number;
  /** e_type: 1 relocatable, 2 executable, 3 shared object (or PIE), 4 core. */
  readonly type: number;
  /** e_flags: the ARM float ABI, MIPS ISA, RISC-V ABI and PPC64 ABI version live here. */
  readonly flags: number;
  readonly osabi: number;
  readonly abiVersion: number;
  /** The file's size. */
  readonly size: number;
  /** e_entry. */
  readonly entry: number;
  /** PT_INTERP's string. */
  readonly interp: string | undefined;
  /** Absent for a static executable without PT_DYNAMIC, a relocatable, a core or a debug file. */
  readonly dynamic: ElfDynamic | undefined;
  readonly segments: readonly ElfSegment[];
  /** Notes of PT_NOTE segments (of a core file: none). */
  readonly notes: readonly ElfNote[];
  /** Where the section headers are, for `readSections`. */
  readonly sectionTable: SectionTable;
}

export interface SectionTable {
  /** e_shoff; 0: no sections. */
  readonly offset: number;
  readonly entrySize: number;
  /** e_shnum; 0 with an offset: the number is in section 0. */
  readonly count: number;
  /** e_shstrndx; 0xffff: the index is in section 0. */
  readonly names: number;
}

export interface ElfDynamic {
  readonly soname: string | undefined;
  /** DT_NEEDED in order. */
  readonly needed: readonly string[];
  readonly rpath: string | undefined;
  readonly runpath: string | undefined;
  /** DT_FILTER, DT_AUXILIARY and DT_AUDIT, DT_DEPAUDIT strings, in order. */
  readonly filter: readonly string[];
  readonly auxiliary: readonly string[];
  readonly audit: readonly string[];
  readonly depaudit: readonly string[];
  readonly flags: number;
  /** DT_FLAGS_1: DF_1_NODEFLIB 0x800, DF_1_PIE 0x08000000 … */
  readonly flags1: number;
  /** Verneed: which versions of which needed file. */
  readonly versionsNeeded: readonly VersionNeeded[];
  /** Verdef: names of the versions this object defines, its base name not counted. */
  readonly versionsDefined: readonly string[];
  /** The name of the base version definition (VER_FLG_BASE), usually the soname. */
  readonly versionBase: string | undefined;
  /** Every entry up to DT_NULL, in order: `d_tag`, `d_val`. */
  readonly entries: readonly DynamicEntry[];
}

export interface DynamicEntry {
  readonly tag: number;
  readonly value: number;
}

export interface VersionNeeded {
  /** vn_file: the DT_NEEDED name. */
  readonly file: string;
  readonly versions: readonly { readonly name: string; readonly weak: boolean }[];
}

export interface ElfSegment {
  /** p_type: 1 LOAD, 2 DYNAMIC, 3 INTERP, 4 NOTE … */
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly vaddr: number;
  readonly fileSize: number;
  readonly memSize: number;
  readonly align: number;
}

export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly addr: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly entrySize: number;
}

export interface ElfNote {
  readonly owner: string;
  readonly type: number;
  readonly desc: Uint8Array;
}

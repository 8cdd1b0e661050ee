/** Which platform an ELF file is for: from its header to the names that images use (GOOS and GOARCH). @module */
import type { Elf } from '../formats/elf/types.ts';
import type { Platform } from '../formats/oci/types.ts';

/** By e_machine: architecture by byte order and class. elf.h, "e_machine". */
const MACHINES: Readonly<Record<number, (elf: Elf) => string | undefined>> = {
  3: () => '386',
  8: (elf) => `${mips(elf)}${elf.endian === 'little' ? 'le' : ''}`,
  20: () => 'ppc',
  21: (elf) => (elf.endian === 'little' ? 'ppc64le' : 'ppc64'),
  22: (elf) => (elf.bits === 64 ? 's390x' : 's390'),
  40: (elf) => (elf.endian === 'little' ? 'arm' : 'armbe'),
  43: () => 'sparc64',
  62: () => 'amd64',
  183: (elf) => (elf.endian === 'little' ? 'arm64' : 'arm64be'),
  243: (elf) => (elf.bits === 64 ? 'riscv64' : 'riscv'),
  258: (elf) => (elf.bits === 64 ? 'loong64' : undefined),
};

/** EF_ARM_ABI_FLOAT_HARD: parameters in VFP registers, which is ARMv7 in every distribution but Raspbian. */
const ARM_HARD_FLOAT = 0x400;

/** EF_MIPS_ABI2: the n32 ABI, 64-bit registers and 32-bit addresses in a file of 32 bits. */
const MIPS_N32 = 0x20;

function mips(elf: Elf): string {
  if (elf.bits === 64) return 'mips64';
  return (elf.flags & MIPS_N32) === 0 ? 'mips' : 'mips64p32';
}

/** Undefined for a machine that images have no name for. The system is taken to be Linux. */
export function platformOfElf(elf: Elf): Platform | undefined {
  const architecture = MACHINES[elf.machine]?.(elf);
  if (architecture === undefined) return undefined;
  if (architecture !== 'arm') return { architecture, os: 'linux' };
  return { architecture, os: 'linux', variant: (elf.flags & ARM_HARD_FLOAT) === 0 ? 'v5' : 'v7' };
}

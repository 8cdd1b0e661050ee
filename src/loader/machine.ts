/**
 * What the loaders of different machines do differently: which objects they accept, and what they stand for where the
 * loader itself is not there to tell. Sources: glibc's sysdeps/…/dl-machine.h (`elf_machine_matches_host`), ldsodefs.h,
 * shlib-versions and dl-cache.h; Debian's multiarch tuples; musl's arch directories.
 * @module
 */
import { EM } from '../formats/elf/constants.ts';
import type { Elf } from '../formats/elf/types.ts';

/** What an object must be to be loaded by a given loader. */
export type Target = Pick<Elf, 'bits' | 'endian' | 'machine' | 'flags'>;

export interface Machine {
  /** As in Debian's multiarch tuples. */
  readonly tuple: string;
  /** PT_INTERP of a glibc program. */
  readonly glibc: string;
  /** `ARCH` of `/lib/ld-musl-ARCH.so.1` and `/etc/ld-musl-ARCH.path`. */
  readonly musl: string | undefined;
  /** `flags` of its entries in ld.so.cache (dl-cache.h). */
  readonly cacheFlags: number;
  /** AT_PLATFORM of the least capable CPU; undefined where the kernel gives none. */
  readonly platform: string | undefined;
  /** Name of the directories beside `/lib` that upstream's glibc takes for this machine (slibdir). */
  readonly libDir: string;
}

/** An ELF library of unknown libc. */
const FLAG_ELF = 1;
const FLAG_ELF_LIBC6 = 3;

type Row = [
  tuple: string,
  glibc: string,
  musl: string | undefined,
  flag: number,
  platform?: string | undefined,
  libDir?: string,
];

function machine([tuple, glibc, musl, flag, platform, libDir]: Row): Machine {
  return { tuple, glibc, musl, cacheFlags: flag | FLAG_ELF_LIBC6, platform, libDir: libDir ?? 'lib' };
}

const EF_ARM_EABIMASK = 0xff000000;
const EF_ARM_EABI_VER5 = 0x05000000;
const EF_ARM_ABI_FLOAT_SOFT = 0x200;
const EF_ARM_ABI_FLOAT_HARD = 0x400;
const EF_PPC64_ABI = 3;
const EF_RISCV_FLOAT_ABI = 6;
const EF_RISCV_RVE = 8;
const EF_MIPS_ABI2 = 0x20;
const EF_MIPS_NAN2008 = 0x400;

/** The row for a loader, a program or a library; undefined for a machine that is not in the table. */
export function machineOf(elf: Target): Machine | undefined {
  const row = rowOf(elf);
  return row === undefined ? undefined : machine(row);
}

function rowOf({ machine, bits, endian, flags }: Target): Row | undefined {
  const wide = bits === 64;
  const little = endian === 'little';
  switch (machine) {
    case EM.X86_64:
      return wide
        ? ['x86_64-linux-gnu', '/lib64/ld-linux-x86-64.so.2', 'x86_64', 0x300, 'x86_64', 'lib64']
        : ['x86_64-linux-gnux32', '/libx32/ld-linux-x32.so.2', 'x32', 0x800, 'x86_64', 'libx32'];
    case EM.I386:
      return ['i386-linux-gnu', '/lib/ld-linux.so.2', 'i386', 0, 'i686'];
    case EM.AARCH64:
      return little
        ? ['aarch64-linux-gnu', '/lib/ld-linux-aarch64.so.1', 'aarch64', 0xa00, 'aarch64', 'lib64']
        : ['aarch64_be-linux-gnu', '/lib/ld-linux-aarch64_be.so.1', 'aarch64_be', 0xa00, 'aarch64_be', 'lib64'];
    case EM.ARM:
      return (flags & EF_ARM_ABI_FLOAT_HARD) !== 0
        ? ['arm-linux-gnueabihf', '/lib/ld-linux-armhf.so.3', 'armhf', 0x900, 'v7l']
        : ['arm-linux-gnueabi', '/lib/ld-linux.so.3', 'arm', 0xb00, 'v5l'];
    case EM.PPC64:
      return little
        ? ['powerpc64le-linux-gnu', '/lib64/ld64.so.2', 'powerpc64le', 0x500, 'power8', 'lib64']
        : ['powerpc64-linux-gnu', '/lib64/ld64.so.1', 'powerpc64', 0x500, 'power4', 'lib64'];
    case EM.PPC:
      return ['powerpc-linux-gnu', '/lib/ld.so.1', 'powerpc', 0, undefined];
    case EM.S390:
      return wide
        ? ['s390x-linux-gnu', '/lib/ld64.so.1', 's390x', 0x400, 'z13', 'lib64']
        : ['s390-linux-gnu', '/lib/ld.so.1', undefined, 0, undefined];
    case EM.RISCV:
      return riscv(wide, flags);
    case EM.LOONGARCH:
      return [
        'loongarch64-linux-gnu',
        '/lib64/ld-linux-loongarch-lp64d.so.1',
        'loongarch64',
        0x1200,
        'loongarch',
        'lib64',
      ];
    case EM.MIPS:
      return mips(wide, little, flags);
    default:
      return rare(machine, wide);
  }
}

function riscv(wide: boolean, flags: number): Row {
  const hard = (flags & EF_RISCV_FLOAT_ABI) === 4;
  const [name, abi] = wide ? ['riscv64', hard ? 'lp64d' : 'lp64'] : ['riscv32', hard ? 'ilp32d' : 'ilp32'];
  const musl = hard ? name : `${name}-sf`;
  return [`${name}-linux-gnu`, `/lib/ld-linux-${name}-${abi}.so.1`, musl, hard ? 0x1000 : 0xf00, undefined, 'lib64'];
}

function mips(wide: boolean, little: boolean, flags: number): Row {
  const suffix = little ? 'el' : '';
  const nan2008 = (flags & EF_MIPS_NAN2008) !== 0;
  const loader = nan2008 ? 'ld-linux-mipsn8.so.1' : 'ld.so.1';
  if (wide) {
    const flag = nan2008 ? 0xe00 : 0x700;
    return [`mips64${suffix}-linux-gnuabi64`, `/lib64/${loader}`, `mips64${suffix}`, flag, 'mips', 'lib64'];
  }
  if ((flags & EF_MIPS_ABI2) !== 0) {
    const flag = nan2008 ? 0xd00 : 0x600;
    return [`mips64${suffix}-linux-gnuabin32`, `/lib32/${loader}`, `mipsn32${suffix}`, flag, 'mips', 'lib32'];
  }
  return [`mips${suffix}-linux-gnu`, `/lib/${loader}`, `mips${suffix}`, nan2008 ? 0xc00 : 0, 'mips'];
}

function rare(machine: number, wide: boolean): Row | undefined {
  switch (machine) {
    case EM.SPARCV9:
      return ['sparc64-linux-gnu', '/lib64/ld-linux.so.2', undefined, 0x100, undefined, 'lib64'];
    case EM.SPARC:
    case EM.SPARC32PLUS:
      return ['sparc-linux-gnu', '/lib/ld-linux.so.2', undefined, 0];
    case EM.IA64:
      return ['ia64-linux-gnu', '/lib/ld-linux-ia64.so.2', undefined, 0x200];
    case EM.ALPHA:
      return ['alpha-linux-gnu', '/lib/ld-linux.so.2', undefined, 0];
    case EM.PARISC:
      return wide ? undefined : ['hppa-linux-gnu', '/lib/ld.so.1', undefined, 0];
    case EM.M68K:
      return ['m68k-linux-gnu', '/lib/ld.so.1', 'm68k', 0];
    case EM.SH:
      return ['sh4-linux-gnu', '/lib/ld-linux.so.2', 'sh4', 0];
    default:
      return undefined;
  }
}

/**
 * `flags` of the entries of ld.so.cache that a loader takes (`_dl_cache_check_flags`): its own, which decide at once, and
 * others that it puts up with.
 */
export function acceptedFlags(target: Target): {
  readonly own: number | undefined;
  readonly others: readonly number[];
} {
  const others = target.machine === EM.ARM ? [FLAG_ELF_LIBC6] : [FLAG_ELF];
  return { own: machineOf(target)?.cacheFlags, others };
}

/**
 * Whether a loader for `target` takes an object of the same class with these header fields
 * (`elf_machine_matches_host`). What it does not take it passes over and searches on.
 */
export function acceptsMachine(target: Target, object: Pick<Elf, 'machine' | 'flags'>): boolean {
  const { machine, flags } = object;
  switch (target.machine) {
    case EM.ARM:
      return machine === EM.ARM && acceptsFloat(target.flags, flags);
    case EM.PPC64: {
      const own = target.endian === 'little' ? 2 : 1;
      return machine === EM.PPC64 && ((flags & EF_PPC64_ABI) === 0 || (flags & EF_PPC64_ABI) === own);
    }
    case EM.RISCV: {
      const decisive = EF_RISCV_FLOAT_ABI | EF_RISCV_RVE;
      return machine === EM.RISCV && (flags & decisive) === (target.flags & decisive);
    }
    case EM.MIPS: {
      const decisive = EF_MIPS_ABI2 | EF_MIPS_NAN2008;
      return machine === EM.MIPS && (flags & decisive) === (target.flags & decisive);
    }
    case EM.SPARC:
    case EM.SPARC32PLUS:
      return machine === EM.SPARC || machine === EM.SPARC32PLUS;
    default:
      return machine === target.machine;
  }
}

/** EABI 5 objects say how they pass floating point arguments; one that does not say fits both. */
function acceptsFloat(target: number, flags: number): boolean {
  if ((flags & EF_ARM_EABIMASK) !== EF_ARM_EABI_VER5) return true;
  const [wanted, other] =
    (target & EF_ARM_ABI_FLOAT_HARD) !== 0
      ? [EF_ARM_ABI_FLOAT_HARD, EF_ARM_ABI_FLOAT_SOFT]
      : [EF_ARM_ABI_FLOAT_SOFT, EF_ARM_ABI_FLOAT_HARD];
  return (flags & wanted) !== 0 || (flags & other) === 0;
}

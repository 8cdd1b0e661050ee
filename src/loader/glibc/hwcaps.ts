/**
 * Subdirectories for better CPUs: `glibc-hwcaps/LEVEL` (glibc ≥ 2.33), and the older scheme of nested names (`tls`,
 * `haswell`, `x86_64`) that glibc 2.37 dropped.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { EM } from '../../formats/elf/constants.ts';
import type { Interpreter } from '../interpreter.ts';
import type { Target } from '../machine.ts';
import type { CpuLevel } from '../types.ts';
import type { Setting } from './process.ts';

/**
 * Active levels, best first: the level and all below it.
 * @throws ImageError USAGE where the loader knows levels and this is none of them
 */
export function activeLevels({ levels }: Interpreter, cpu: CpuLevel): readonly CpuLevel[] {
  if (cpu === 'baseline' || cpu === 'all' || levels.length === 0) return [];
  const at = levels.indexOf(cpu);
  if (at >= 0) return levels.slice(at);
  throw new ImageError('USAGE', `the loader of the image knows no CPU level "${cpu}"`, {
    hint: `its levels are: ${levels.join(', ')}; "baseline" takes none of them, "all" adds what each would load`,
  });
}

/** In the order of search. The directory itself comes after them. */
export function subdirectories(
  interpreter: Interpreter,
  active: readonly CpuLevel[],
  platform: string | undefined,
): string[] {
  const named = active.map((level) => `glibc-hwcaps/${level}/`);
  return interpreter.legacyHwcaps ? [...named, ...legacySubdirectories(interpreter, platform)] : named;
}

/** All combinations of capability names, platform and `tls`, with `tls` as the highest bit, counted down. */
function legacySubdirectories({ target }: Interpreter, platform: string | undefined): string[] {
  const names = [...legacyNames(target), ...(platform === undefined ? [] : [platform]), 'tls'];
  const out = new Set<string>();
  for (let mask = 2 ** names.length - 1; mask > 0; mask--) {
    const chosen = names.filter((_, bit) => (mask & (1 << bit)) !== 0).reverse();
    out.add(`${chosen.join('/')}/`);
  }
  return [...out];
}

/** Capabilities that the old scheme searches and every CPU of the machine has, by ascending bit (dl-procinfo.h). */
function legacyNames({ machine, bits, flags }: Target): readonly string[] {
  switch (machine) {
    case EM.X86_64:
      return ['x86_64'];
    case EM.ARM:
      return (flags & 0x400) !== 0 ? ['vfp'] : [];
    case EM.PPC64:
      return ['dfp', 'altivec'];
    case EM.S390:
      return bits === 64 ? ['zarch', 'ldisp', 'eimm', 'dfp'] : [];
    default:
      return [];
  }
}

/** x86's bits in an entry of ld.so.cache: `x86_64`, and the platforms from bit 48 on (dl-procinfo.h, dl-hwcap.h). */
const X86_64_BIT = 1n << 1n;
const X86_PLATFORMS = ['i586', 'i686', 'haswell', 'xeon_phi'];
const FIRST_PLATFORM = 48n;
const PLATFORM_MASK = 0xfn << FIRST_PLATFORM;
const TLS_BIT = 1n << 63n;

/** Whether a legacy entry of ld.so.cache counts: the capabilities of other machines than x86 are not told apart. */
export function acceptsLegacyBits({ interpreter, platform }: Setting, hwcap: bigint): boolean {
  if (!interpreter.legacyHwcaps) return false;
  let rest = hwcap & ~TLS_BIT;
  if (interpreter.target.machine !== EM.X86_64) return rest === 0n;
  rest &= ~X86_64_BIT;
  if (rest === 0n) return true;
  const own = X86_PLATFORMS.indexOf(platform ?? '');
  return own >= 0 && (rest & PLATFORM_MASK) === 1n << (FIRST_PLATFORM + BigInt(own)) && (rest & ~PLATFORM_MASK) === 0n;
}

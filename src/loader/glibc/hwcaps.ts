/**
 * Subdirectories for better CPUs: `glibc-hwcaps/LEVEL` (glibc ≥ 2.33), and the older scheme of nested names (`tls`,
 * `haswell`, `x86_64`) that glibc 2.37 dropped. @module
 */
import { ImageError } from '../../base/errors.ts';
import { EM } from '../../formats/elf/constants.ts';
import type { Interpreter } from '../interpreter.ts';
import type { CpuLevel } from '../types.ts';

/** Names of capability bits that every CPU of the machine has and the old scheme searches (dl-procinfo.h). */
const LEGACY: Readonly<Record<number, readonly string[]>> = {
  [EM.X86_64]: ['x86_64'],
  [EM.I386]: [],
};

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

/** Below each directory, in the order of search, each with a slash at its end; the directory itself comes after. */
export function subdirectories(interpreter: Interpreter, active: readonly CpuLevel[], platform: string | undefined) {
  const named = active.map((level) => `glibc-hwcaps/${level}/`);
  return searchesLegacy(interpreter.version) ? [...named, ...legacySubdirectories(interpreter, platform)] : named;
}

/** Until 2.36; where the version is not known it is taken for a newer one. */
export function searchesLegacy(version: string | undefined): boolean {
  if (version === undefined) return false;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 2 || (major === 2 && minor <= 36);
}

/** All combinations of the capability names, the platform and `tls`, the last as the highest bit, counted down. */
function legacySubdirectories({ target }: Interpreter, platform: string | undefined): string[] {
  const names = [...(LEGACY[target.machine] ?? []), ...(platform === undefined ? [] : [platform]), 'tls'];
  const out: string[] = [];
  for (let mask = 2 ** names.length - 1; mask > 0; mask--) {
    const chosen = names.filter((_, bit) => (mask & (1 << bit)) !== 0).reverse();
    out.push(`${chosen.join('/')}/`);
  }
  return [...new Set(out)];
}

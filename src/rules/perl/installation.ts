/** Where an interpreter of Perl looks for modules: the directories of `@INC` that it was built with, perlrun(1), perlvar(1). @module */
import type { Facts } from '../rule.ts';

export interface Installation {
  /** In the order of @INC, those that are there, each once; as Perl names them: links on the way count. */
  readonly directories: readonly string[];
  /** Of these, the ones with the modules that come with Perl itself, by a landmark: strict.pm or Config.pm. */
  readonly core: readonly { readonly as: string; readonly path: string }[];
}

/** What the interpreter holds, and hardly any other program does. */
const MARKS = ['PERL5LIB', '@INC contains'];

export async function isPerl(path: string, facts: Facts): Promise<boolean> {
  const found = await facts.mentions(path, [...MARKS, "Can't locate %"]);
  return found.has('PERL5LIB') && found.size >= 2;
}

/** @param carrier the ELF file that holds the interpreter: the program itself or libperl */
export async function findInstallation(carrier: string, facts: Facts): Promise<Installation> {
  const given = (facts.env['PERL5LIB'] ?? '').split(':');
  const built = (await facts.strings(carrier))
    .flatMap((text) => text.split(':'))
    .filter((text) => /\/.*perl/.test(text));
  const directories = new Map<string, string>();
  const core: { as: string; path: string }[] = [];
  for (const path of [...given, ...inSearchOrder(built)]) {
    const found = path.startsWith('/') ? await facts.files.resolve(path) : undefined;
    if (found?.kind !== 'found' || found.node.kind !== 'dir' || directories.has(found.path)) continue;
    directories.set(found.path, path);
    const names = (await facts.files.list(found.path)) ?? [];
    if (names.includes('strict.pm') || names.includes('Config.pm')) core.push({ as: path, path: found.path });
  }
  return { directories: [...directories.values()], core };
}

/** The file holds them in no order; configuration and local additions come first, the core last (INSTALL, "@INC"). */
function inSearchOrder(paths: readonly string[]): string[] {
  const rank = (path: string) =>
    path.startsWith('/etc/') ? 0 : path.startsWith('/usr/local/') ? 1 : path.includes('perl5') ? 2 : 3;
  return [...paths].sort((a, b) => rank(a) - rank(b));
}

/** Where an interpreter of Perl looks for modules: the directories of `@INC` that it was built with, perlrun(1), perlvar(1). @module */
import type { Facts } from '../rule.ts';

export interface Installation {
  /** In the order of @INC, those that are there, each once; as Perl names them: links on the way count. */
  readonly directories: readonly string[];
  /** Of these, the ones with the modules that come with Perl itself, by a landmark: strict.pm or Config.pm. */
  readonly core: readonly { readonly as: string; readonly path: string }[];
}

/** @param carrier the ELF file that holds the interpreter: the program itself or libperl */
export async function findInstallation(carrier: string, facts: Facts): Promise<Installation> {
  const given = (facts.env['PERL5LIB'] ?? '').split(':');
  const built = (await facts.strings(carrier))
    .flatMap((text) => text.split(':'))
    .filter((text) => /\/.*perl/.test(text));
  const found = new Map<string, Directory>();
  for (const as of [...given, ...built]) {
    const one = as.startsWith('/') ? await directoryAt(as, facts) : undefined;
    if (one !== undefined && !found.has(one.path))
      found.set(one.path, { ...one, rank: given.includes(as) ? 0 : one.rank });
  }
  const ordered = [...found.values()].sort((a, b) => a.rank - b.rank);
  return { directories: ordered.map(({ as }) => as), core: ordered.filter(({ isCore }) => isCore) };
}

interface Directory {
  readonly as: string;
  readonly path: string;
  readonly isCore: boolean;
  readonly rank: number;
}

async function directoryAt(as: string, facts: Facts): Promise<Directory | undefined> {
  const found = await facts.files.resolve(as);
  if (found.kind === 'missing' || found.node.kind !== 'dir') return undefined;
  const names = (await facts.files.list(found.path)) ?? [];
  const isCore = names.includes('strict.pm') || names.includes('Config.pm');
  return { as, path: found.path, isCore, rank: rankOf(as, isCore) };
}

/**
 * The file holds them in no order: local additions come first, packages for all next, the core last, of each what is for one
 * architecture before what is for all (perlvar, "@INC"; INSTALL).
 */
function rankOf(path: string, isCore: boolean): number {
  const shared = path.includes('/share/') ? 1 : 0;
  if (isCore) return (path.endsWith('-base') ? 20 : 22) + shared;
  if (path.startsWith('/etc/')) return 1;
  if (path.startsWith('/usr/local/')) return 2 + shared;
  return (path.includes('site_perl') ? 4 : 6) + shared;
}

/** What is asked about packages, answered from dpkg's database. @module */
import type { Files } from '../../ports/files.ts';
import { usrMergeSpellings } from './aliases.ts';
import { type DpkgPackage, readDpkgPackages } from './dpkg.ts';
import { type Diversion, listReader, pathsOf, readDiversions } from './dpkg-files.ts';
import { type ListSearch, listSearch } from './dpkg-owners.ts';
import { memo, type PackageTable, packageTable } from './memo.ts';
import type { PackageFacts } from './types.ts';

/** Undefined where the root has no dpkg database. The lists of files are read at the first question about files. */
export async function dpkgFacts(files: Files): Promise<PackageFacts | undefined> {
  const packages = await readDpkgPackages(files);
  if (packages === undefined) return undefined;
  const table = packageTable(packages, {
    preferred: 'dpkg',
    provides: ({ provides }) => provides,
    build: ({ build }) => build,
  });
  const read = listReader(files);
  const diversions = memo(() => readDiversions(files));
  const owner = memo(async () => ownerSearch(files, table, listSearch(table, read), await diversions()));
  return {
    kind: 'dpkg',
    all: async () => table.packages,
    owner: async (path) => (await owner())(path),
    package: async (name) => table.find(name),
    siblings: async (name) => table.siblings(name),
    filesOf: async (name) => {
      const one = table.find(name);
      if (one === undefined) return [];
      return divertedPaths(pathsOf(await read(one)), one.name, await diversions());
    },
    configurationOf: async (name) => new Set(table.find(name)?.conffiles),
  };
}

/** Where another package's diversion puts them. */
function divertedPaths(paths: readonly string[], name: string, diversions: readonly Diversion[]): string[] {
  const moved = new Map(diversions.filter(({ by }) => by !== name).map(({ from, to }) => [from, to]));
  return moved.size === 0 ? [...paths] : paths.map((path) => moved.get(path) ?? path);
}

/** Links that no package ships: to look through all lists for one would cost more than all else. */
const MADE_BY_SCRIPTS = /^\/etc\/(?:alternatives\/.*|localtime|mtab|rc[\dS]\.d\/.*)$/;

/** Diversions first: the diverted file has another's name, and its name has another file. */
async function ownerSearch(
  files: Files,
  { packages }: PackageTable<DpkgPackage>,
  search: ListSearch,
  diversions: readonly Diversion[],
): Promise<(path: string) => Promise<DpkgPackage | undefined>> {
  const spellingsOf = await usrMergeSpellings(files);
  const byFrom = new Map(diversions.map((one) => [one.from, one]));
  const byTo = new Map(diversions.map((one) => [one.to, one]));
  const conffiles = memo(() => new Map(packages.flatMap((one) => one.conffiles.map((path) => [path, one]))));
  return async (path) => {
    const spellings = spellingsOf(path);
    for (const each of spellings) {
      const away = byTo.get(each);
      if (away !== undefined) return search.first(away.from, ({ name }) => name !== away.by);
      const kept = byFrom.get(each);
      if (kept !== undefined) return search.first(each, ({ name }) => name === kept.by);
    }
    const node = await files.lookup(path);
    if (node?.kind === 'symlink' && MADE_BY_SCRIPTS.test(path)) return undefined;
    if (node?.kind === 'dir') return search.ofDirectory(spellings);
    // What a package ships below /etc is a conffile (Debian policy 10.7.2), but for links.
    if (node?.kind === 'file' && path.startsWith('/etc/')) return conffiles().get(path);
    return search.ofFile(spellings);
  };
}

/** What is asked about packages, answered from apk's database. @module */
import type { Files } from '../../ports/files.ts';
import { usrMergeSpellings } from './aliases.ts';
import { type ApkPackage, parseApkDatabase } from './apk.ts';
import { listedFacts } from './listed.ts';
import { readFileAt } from './read.ts';
import type { PackageFacts } from './types.ts';

/** apk 2's place, and the one that apk 3 moves to. */
const DATABASES = ['/lib/apk/db/installed', '/usr/lib/apk/db/installed'];

/** Undefined where the root has no apk database. */
export async function apkFacts(files: Files): Promise<PackageFacts | undefined> {
  for (const path of DATABASES) {
    const bytes = await readFileAt(files, path);
    if (bytes === undefined) continue;
    const packages = withDepends(parseApkDatabase(bytes, path));
    return listedFacts(packages, {
      kind: 'apk',
      spellings: await usrMergeSpellings(files),
      files: (one) => [...one.directories, ...one.files],
      // apk protects every file below /etc, apk-protected_paths.d(5); it keeps no list of its own.
      configuration: (one) => one.files.filter((file) => file.startsWith('/etc/')),
      provides: (one) => one.provides,
      build: (one) => `${one.source ?? one.name} ${one.version}`,
    });
  }
  return undefined;
}

/** Names the installed packages that provide what each requires. */
function withDepends(packages: readonly ApkPackage[]): ApkPackage[] {
  const providers = new Map<string, string>();
  for (const { name, provides } of packages) for (const one of provides) providers.set(one, name);
  for (const { name } of packages) providers.set(name, name);
  return packages.map((one) => {
    const names = one.requires.map((required) => providers.get(required) ?? required);
    return { ...one, depends: [...new Set(names)].filter((name) => name !== one.name) };
  });
}

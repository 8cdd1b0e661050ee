/** What is asked about packages, answered from rpm's database in any of its three formats. @module */
import { ImageError } from '../../base/errors.ts';
import type { Files } from '../../ports/files.ts';
import { usrMergeSpellings } from './aliases.ts';
import { listedFacts } from './listed.ts';
import { readFileAt } from './read.ts';
import { type RpmPackage, rpmPackage } from './rpm.ts';
import { isBerkeleyHash, readBerkeleyValues } from './rpm-bdb.ts';
import { isNdb, readNdbBlobs } from './rpm-ndb.ts';
import { isSqlite, readPackageBlobs, sqlitePages } from './rpm-sqlite.ts';
import { walPages } from './rpm-sqlite-wal.ts';
import type { PackageFacts } from './types.ts';

/** The classic place, the one of newer distributions, and OSTree's. */
const DIRECTORIES = ['/var/lib/rpm', '/usr/lib/sysimage/rpm', '/usr/share/rpm'];
const NAMES = ['rpmdb.sqlite', 'Packages.db', 'Packages'];

/** Undefined where the root has no rpm database. */
export async function rpmFacts(files: Files): Promise<PackageFacts | undefined> {
  for (const path of DIRECTORIES.flatMap((directory) => NAMES.map((name) => `${directory}/${name}`))) {
    const file = await readFileAt(files, path);
    if (file === undefined) continue;
    const packages = rpmPackages(file, await readFileAt(files, `${path}-wal`), path);
    return listedFacts(withDepends(packages), {
      kind: 'rpm',
      spellings: await usrMergeSpellings(files),
      files: (one) => one.files(),
      configuration: (one) => one.configuration(),
      provides: (one) => one.provides,
      build: (one) => one.sourceRpm ?? `${one.name} ${one.version}`,
    });
  }
  return undefined;
}

/**
 * @param log SQLite's write-ahead log, where one lies beside the database
 * @throws ImageError INVALID where it breaks its format, UNSUPPORTED where it has none of the three
 */
export function rpmPackages(file: Buffer, log: Buffer | undefined, what: string): RpmPackage[] {
  return blobsOf(file, log, what)
    .filter((blob) => blob.length >= 16)
    .map(rpmPackage)
    .filter((one) => one !== undefined);
}

function blobsOf(file: Buffer, log: Buffer | undefined, what: string): Buffer[] {
  if (isSqlite(file)) {
    const { size } = sqlitePages(file);
    return readPackageBlobs(sqlitePages(file, log === undefined ? undefined : walPages(log, size)));
  }
  if (isNdb(file)) return readNdbBlobs(file);
  // Key 0 holds the last number given, four bytes; every package is longer.
  if (isBerkeleyHash(file)) return readBerkeleyValues(file);
  throw new ImageError('UNSUPPORTED', `${what} is no rpm database in SQLite, ndb or Berkeley DB hash format`);
}

/** Names the installed packages that provide what each requires, or that have the file it requires. */
function withDepends(packages: readonly RpmPackage[]): RpmPackage[] {
  const providers = new Map<string, string>();
  for (const { name, provides } of packages) for (const one of provides) providers.set(one, name);
  const paths = new Set(packages.flatMap(({ requires }) => requires.filter((one) => one.startsWith('/'))));
  if (paths.size > 0) {
    for (const one of packages) for (const file of one.files()) if (paths.has(file)) providers.set(file, one.name);
  }
  return packages.map((one) => {
    const names = one.requires.map((required) => providers.get(required)).filter((name) => name !== undefined);
    return { ...one, depends: [...new Set(names)].filter((name) => name !== one.name) };
  });
}

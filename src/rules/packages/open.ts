/** The package database of a root filesystem, whichever it is. @module */
import type { Files } from '../../ports/files.ts';
import { apkFacts } from './apk-facts.ts';
import { dpkgFacts } from './dpkg-facts.ts';
import { rpmFacts } from './rpm-facts.ts';
import type { PackageFacts } from './types.ts';

/** A root without a database, or an image whose database was left out. */
export const NO_PACKAGES: PackageFacts = {
  kind: undefined,
  all: async () => [],
  owner: async () => undefined,
  package: async () => undefined,
  siblings: async () => [],
  filesOf: async () => [],
  configurationOf: async () => new Set(),
};

/**
 * dpkg's, apk's or rpm's, in this order the first that is there.
 * @throws ImageError INVALID where a database breaks its format
 */
export async function openPackages(files: Files): Promise<PackageFacts> {
  return (await dpkgFacts(files)) ?? (await apkFacts(files)) ?? (await rpmFacts(files)) ?? NO_PACKAGES;
}

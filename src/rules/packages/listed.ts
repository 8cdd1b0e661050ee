/** Answers about packages whose lists of files are at hand with the packages themselves: apk, rpm. @module */
import type { Spellings } from './aliases.ts';
import { packageTable } from './memo.ts';
import type { Package, PackageFacts, PackageKind } from './types.ts';

export interface Listed<P extends Package> {
  readonly kind: PackageKind;
  readonly spellings: Spellings;
  /** Absolute paths, directories included. */
  readonly files: (one: P) => readonly string[];
  readonly configuration: (one: P) => readonly string[];
  readonly provides: (one: P) => readonly string[];
  readonly build: (one: P) => string;
}

/** The table of owners is made at the first question for one. */
export function listedFacts<P extends Package>(packages: readonly P[], listed: Listed<P>): PackageFacts {
  const sorted = packages.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const table = packageTable(sorted, listed);
  let owners: Map<string, P> | undefined;
  const ownerOf = (path: string): P | undefined => {
    owners ??= new Map(sorted.toReversed().flatMap((one) => listed.files(one).map((file) => [file, one] as const)));
    return owners.get(path);
  };
  const about = <T>(name: string, answer: (one: P) => T): T | undefined => {
    const one = table.find(name);
    return one === undefined ? undefined : answer(one);
  };
  return {
    kind: listed.kind,
    all: async () => table.packages,
    owner: async (path) =>
      listed
        .spellings(path)
        .map(ownerOf)
        .find((one) => one !== undefined),
    package: async (name) => table.find(name),
    siblings: async (name) => table.siblings(name),
    filesOf: async (name) => about(name, listed.files) ?? [],
    configurationOf: async (name) => new Set(about(name, listed.configuration)),
  };
}

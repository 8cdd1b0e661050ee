/** Symbol versions: `_dl_check_all_versions` of glibc's dl-version.c. @module */
import type { VersionNeeded } from '../../formats/elf/types.ts';
import type { MissingVersion } from '../types.ts';
import { LoaderFailure, type Mapped } from './process.ts';

/**
 * Versions that objects want and the file loaded for them does not define. A weak reference wants nothing, and a file
 * without version definitions satisfies all.
 * @param chain the link map
 * @param missing names that were not found, which are passed over
 * @throws LoaderFailure where a version is wanted of a file that nothing asked to load: an assertion in the loader
 */
export function checkVersions(chain: readonly Mapped[], missing: ReadonlySet<string>): MissingVersion[] {
  const out: MissingVersion[] = [];
  const byName = new Map<string, Mapped>();
  for (const object of chain.toReversed()) for (const name of [object.path, ...object.names]) byName.set(name, object);
  for (const object of chain) {
    for (const { file, versions } of object.elf.dynamic?.versionsNeeded ?? []) {
      const provider = byName.get(file);
      if (provider !== undefined) out.push(...notDefined(object, file, versions, provider));
      else if (!missing.has(file)) {
        throw new LoaderFailure(object.facts.realPath, `versions are wanted of ${file}, which nothing loads`);
      }
    }
  }
  return out;
}

function notDefined(object: Mapped, file: string, versions: VersionNeeded['versions'], provider: Mapped) {
  const defined = definedBy(provider);
  if (defined === undefined) return [];
  return versions
    .filter(({ name, weak }) => !weak && !defined.has(name))
    .map(({ name }) => ({
      object: object.facts.realPath,
      file,
      version: name,
      provider: provider.facts.realPath,
    }));
}

const known = new WeakMap<object, ReadonlySet<string>>();

function definedBy({ elf }: Mapped): ReadonlySet<string> | undefined {
  const { dynamic } = elf;
  if (dynamic === undefined || (dynamic.versionsDefined.length === 0 && dynamic.versionBase === undefined))
    return undefined;
  let names = known.get(dynamic);
  if (names === undefined) {
    names = new Set(
      dynamic.versionBase === undefined ? dynamic.versionsDefined : [...dynamic.versionsDefined, dynamic.versionBase],
    );
    known.set(dynamic, names);
  }
  return names;
}

/** Symbol versions: `_dl_check_all_versions` of glibc's dl-version.c. @module */
import type { ElfDynamic, VersionNeeded } from '../../formats/elf/types.ts';
import type { MissingVersion } from '../types.ts';
import { type GlibcProcess, LoaderFailure, type Mapped } from './process.ts';

/**
 * Versions that these objects want and the file loaded for them does not define. A weak reference wants nothing, and a file
 * without version definitions satisfies all.
 * @throws LoaderFailure where a version is wanted of a file that nothing asked to load: an assertion in the loader
 */
export function missingVersions(process: GlibcProcess, objects: readonly Mapped[]): MissingVersion[] {
  const absent = new Set([...process.missing, ...process.skipped].map(({ name }) => name));
  return objects.flatMap((object) =>
    (object.elf.dynamic?.versionsNeeded ?? []).flatMap((needed) => {
      const provider = process.names.get(needed.file);
      if (provider?.asked) return notDefined(object, needed, provider.object);
      if (absent.has(needed.file)) return [];
      const reason = `wants versions of ${needed.file}, which nothing asks to load`;
      throw new LoaderFailure(object.realPath, reason);
    }),
  );
}

function notDefined(object: Mapped, { file, versions }: VersionNeeded, provider: Mapped): MissingVersion[] {
  const defined = provider.elf.dynamic && definedBy(provider.elf.dynamic);
  if (defined === undefined) return [];
  return versions
    .filter(({ name, weak }) => !weak && !defined.has(name))
    .map(({ name }) => ({ object: object.realPath, file, version: name, provider: provider.realPath }));
}

const definitions = new WeakMap<ElfDynamic, ReadonlySet<string>>();

/** The base version's name counts too. Undefined for a file that defines no versions. */
function definedBy(dynamic: ElfDynamic): ReadonlySet<string> | undefined {
  const { versionsDefined, versionBase } = dynamic;
  if (versionsDefined.length === 0 && versionBase === undefined) return undefined;
  const known = definitions.get(dynamic);
  if (known !== undefined) return known;
  const names = new Set(versionBase === undefined ? versionsDefined : [...versionsDefined, versionBase]);
  definitions.set(dynamic, names);
  return names;
}

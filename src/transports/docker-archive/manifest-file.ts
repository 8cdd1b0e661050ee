/**
 * `manifest.json` and `repositories` of an archive as `docker save` writes it (Docker Image Specification v1.2, "Combined
 * Image JSON + Filesystem Changeset Format").
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { isObject, parseJson } from '../../base/json.ts';
import { MANIFEST_LIMIT } from '../../formats/oci/parse.ts';
import { type At, asList, asObject, asString, child, optional } from '../../formats/oci/shape.ts';
import {
  familiarRepository,
  formatNamed,
  type NamedReference,
  parseNamed,
  withDefaultTag,
} from '../../formats/reference/docker.ts';

/** One image of `manifest.json`: names of members of the archive. */
export interface SavedEntry {
  readonly config: string;
  readonly names: readonly string[];
  /** Base layer first. */
  readonly layers: readonly string[];
}

/** @param what for messages. @throws ImageError INVALID, LIMIT */
export function parseManifestFile(bytes: Uint8Array, what: string): readonly SavedEntry[] {
  const at: At = { what, field: '', value: parseJson(bytes, what, MANIFEST_LIMIT) };
  // An archive of no image holds null.
  return (optional(at, (list) => asList(list, asEntry)) ?? []) as readonly SavedEntry[];
}

function asEntry(at: At): SavedEntry {
  return {
    config: asString(child(at, 'Config')),
    names: optional(child(at, 'RepoTags'), (list) => asList(list, asString)) ?? [],
    layers: optional(child(at, 'Layers'), (list) => asList(list, asString)) ?? [],
  };
}

/** Of an archive older than Docker 1.10: full name → the id of its top layer. */
export function parseRepositories(bytes: Uint8Array, what: string): ReadonlyMap<string, string> {
  const at: At = { what, field: '', value: parseJson(bytes, what, MANIFEST_LIMIT) };
  const found = new Map<string, string>();
  for (const name of Object.keys(asObject(at))) {
    const tags = child(at, name);
    for (const tag of Object.keys(asObject(tags))) found.set(`${name}:${tag}`, asString(child(tags, tag)));
  }
  return found;
}

/** As docker writes a name: `redis:7` for docker.io/library/redis:7. */
export function repoTag(named: NamedReference): string {
  return `${familiarRepository(named)}:${named.tag ?? 'latest'}`;
}

/** Whether a name of the archive, in whatever form, is this one. */
export function isNamed(name: string, wanted: NamedReference): boolean {
  try {
    return formatNamed(withDefaultTag(parseNamed(name))) === formatNamed(wanted);
  } catch (error) {
    // A name that nobody can ask for.
    if (error instanceof ImageError) return false;
    throw error;
  }
}

/**
 * The one of several images that is meant.
 * @param namesOf the names of one
 * @throws ImageError NOT_FOUND; USAGE where none is named and several are there
 */
export function chooseSaved<T>(
  entries: readonly T[],
  namesOf: (entry: T) => readonly string[],
  pick: { readonly named: NamedReference | undefined; readonly index: number | undefined },
  where: string,
): T {
  const { named, index } = pick;
  const hint = {
    hint: `it holds ${entries.flatMap(namesOf).slice(0, 8).join(', ') || 'images without a name: @0, @1 …'}`,
  };
  if (index !== undefined) {
    const found = entries[index];
    if (found !== undefined) return found;
    throw new ImageError('NOT_FOUND', `${where} has no image @${index}: it holds ${entries.length}`);
  }
  if (named !== undefined) {
    const found = entries.find((entry) => namesOf(entry).some((name) => isNamed(name, named)));
    if (found !== undefined) return found;
    throw new ImageError('NOT_FOUND', `${where} has no image named ${formatNamed(named)}`, hint);
  }
  if (entries.length === 1) return entries[0] as T;
  if (entries.length === 0) throw new ImageError('NOT_FOUND', `${where} holds no image`);
  throw new ImageError('USAGE', `${where} holds ${entries.length} images, and none is named`, hint);
}

/** The `json` of one layer of an archive older than Docker 1.10. */
export function parseLegacyJson(
  bytes: Uint8Array,
  what: string,
): Record<string, unknown> & { readonly parent?: string } {
  const value = parseJson(bytes, what, MANIFEST_LIMIT);
  if (!isObject(value)) throw new ImageError('INVALID', `${what} is no object`);
  const parent = optional(child({ what, field: '', value }, 'parent'), asString);
  const { parent: _, ...rest } = value;
  return parent === undefined || parent === '' ? rest : { ...rest, parent };
}

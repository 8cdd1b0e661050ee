/**
 * containers-registries.conf(5): which registries are mirrored, moved, blocked or spoken to in plain HTTP. Version 2, and of
 * version 1 what has the same meaning. What is about short names (`unqualified-search-registries`, `aliases`,
 * `short-name-mode`) is passed over: to pare a short name means what it means to Docker, on every machine the same.
 * @module
 */
import { parse, TomlError } from 'smol-toml';
import { ImageError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';

export interface RegistriesConf {
  /** In the file's order; no two of one prefix. */
  readonly registries: readonly RegistryTable[];
  /** Names of helpers, and {@link AUTH_FILES}, in the order they are asked; undefined where nothing is said. */
  readonly credentialHelpers: readonly string[] | undefined;
}

/** Stands for the files of containers-auth.json(5) among the credential helpers. */
export const AUTH_FILES = 'containers-auth.json';

/** Where names that begin with the prefix really are. */
export interface RegistryTable {
  /** `host[:port][/namespace…][:tag|@digest]`, or `*.domain`. */
  readonly prefix: string;
  /** Takes the prefix's place; undefined where names stay as they are. */
  readonly location: string | undefined;
  readonly insecure: boolean;
  readonly blocked: boolean;
  readonly mirrors: readonly Mirror[];
}

export interface Mirror {
  readonly location: string;
  readonly insecure: boolean;
  readonly pulls: 'all' | 'digest-only' | 'tag-only';
}

/** More than anybody writes. */
const LIMIT = 1024 * 1024;
const PULLS = ['all', 'digest-only', 'tag-only'] as const;

/** @param what its path, for messages. @throws ImageError INVALID, LIMIT */
export function parseRegistriesConf(bytes: Uint8Array, what: string): RegistriesConf {
  const document = parseToml(bytes, what);
  const reader = readerOf(what);
  const tables = reader.tables(document, 'registry', '[[registry]]');
  const version1 = reader.table(document, 'registries');
  if (version1 !== undefined && tables.length > 0) {
    throw reader.wrong('it mixes version 1 ([registries.…]) with version 2 ([[registry]])');
  }
  const registries =
    version1 === undefined ? tables.map((one) => registryTable(one, reader)) : fromV1(version1, reader);
  // A table of the same prefix replaces the one before it, as in drop-in files.
  return { registries: byPrefix(registries), credentialHelpers: reader.texts(document, 'credential-helpers') };
}

/** Several files in the order they are read: what comes later replaces tables of the same prefix, and lists as a whole. */
export function mergeRegistriesConf(files: readonly RegistriesConf[]): RegistriesConf {
  return {
    registries: byPrefix(files.flatMap((file) => file.registries)),
    credentialHelpers: files.findLast((file) => file.credentialHelpers !== undefined)?.credentialHelpers,
  };
}

function byPrefix(tables: readonly RegistryTable[]): readonly RegistryTable[] {
  return [...new Map(tables.map((table) => [table.prefix, table])).values()];
}

function parseToml(bytes: Uint8Array, what: string): JsonObject {
  if (bytes.length > LIMIT) throw new ImageError('LIMIT', `${what} has more than ${LIMIT} bytes`);
  try {
    return parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    if (error instanceof TomlError) {
      const reason = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '');
      throw invalid(what, `line ${error.line}: ${reason}`);
    }
    if (error instanceof TypeError) throw invalid(what, 'it is not UTF-8');
    // Tables within tables without end.
    if (error instanceof RangeError) throw invalid(what, 'it is nested too deep');
    throw error;
  }
}

function registryTable(table: JsonObject, reader: Reader): RegistryTable {
  const given = { prefix: reader.text(table, 'prefix'), location: reader.text(table, 'location') };
  const location = given.location === undefined ? undefined : reader.place(given.location, 'location');
  const prefix = given.prefix === undefined ? location : reader.place(given.prefix, 'prefix');
  if (prefix === undefined) throw reader.wrong('a [[registry]] has neither prefix nor location');
  const isWildcard = prefix.startsWith('*.');
  if (prefix.includes('*') && !/^\*\.[^*/:@]+$/.test(prefix)) {
    throw reader.wrong(`prefix "${prefix}" has a wildcard where none can be: write *.DOMAIN`);
  }
  if (location === undefined && !isWildcard) throw reader.wrong(`[[registry]] "${prefix}" has no location`);
  if (table['pull-from-mirror'] !== undefined) {
    throw reader.wrong(`pull-from-mirror of "${prefix}" belongs into its [[registry.mirror]] tables`);
  }
  const digestOnly = reader.flag(table, 'mirror-by-digest-only');
  const mirrors = reader.tables(table, 'mirror', '[[registry.mirror]]');
  return {
    prefix,
    location: location?.startsWith('*.') ? undefined : location,
    insecure: reader.flag(table, 'insecure'),
    blocked: reader.flag(table, 'blocked'),
    mirrors: mirrors.map((mirror) => mirrorTable(mirror, { prefix, digestOnly }, reader)),
  };
}

function mirrorTable(
  mirror: JsonObject,
  { prefix, digestOnly }: { readonly prefix: string; readonly digestOnly: boolean },
  reader: Reader,
): Mirror {
  const location = reader.text(mirror, 'location');
  if (location === undefined) throw reader.wrong(`a mirror of "${prefix}" has no location`);
  const text = reader.text(mirror, 'pull-from-mirror') || undefined;
  if (text !== undefined && digestOnly) {
    throw reader.wrong(`"${prefix}" has mirror-by-digest-only, and a mirror of it has pull-from-mirror: one of them`);
  }
  const pulls = PULLS.find((one) => one === (text ?? (digestOnly ? 'digest-only' : 'all')));
  if (pulls === undefined) throw reader.wrong(`pull-from-mirror is "${text}"; it can be ${PULLS.join(', ')}`);
  return { location: reader.place(location, 'location'), insecure: reader.flag(mirror, 'insecure'), pulls };
}

/** Lists of registries in `[registries.insecure]` and `[registries.block]`; those in `search` are about short names. */
function fromV1(registries: JsonObject, reader: Reader): readonly RegistryTable[] {
  const list = (name: string) => {
    const table = reader.table(registries, name);
    const places = table === undefined ? undefined : reader.texts(table, 'registries');
    return (places ?? []).map((text) => reader.place(text, `registries.${name}`));
  };
  const [insecure, blocked] = [list('insecure'), list('block')];
  return [...new Set([...blocked, ...insecure])].map((place) => ({
    prefix: place,
    location: place,
    insecure: insecure.includes(place),
    blocked: blocked.includes(place),
    mirrors: [],
  }));
}

interface Reader {
  text(table: JsonObject, key: string): string | undefined;
  texts(table: JsonObject, key: string): readonly string[] | undefined;
  flag(table: JsonObject, key: string): boolean;
  table(table: JsonObject, key: string): JsonObject | undefined;
  tables(table: JsonObject, key: string, shown: string): readonly JsonObject[];
  /** A host with optional port and path: no scheme, no slash at the end. */
  place(text: string, key: string): string;
  wrong(why: string): ImageError;
}

function readerOf(what: string): Reader {
  const wrong = (why: string) => invalid(what, why);
  function typed<T>(table: JsonObject, key: string, fits: (value: unknown) => value is T, expected: string) {
    const value = Object.hasOwn(table, key) ? table[key] : undefined;
    if (value === undefined || fits(value)) return value;
    throw wrong(`${key} is not ${expected}`);
  }
  return {
    wrong,
    text: (table, key) => typed(table, key, (value) => typeof value === 'string', 'a string'),
    texts: (table, key) => typed(table, key, isTexts, 'a list of strings'),
    flag: (table, key) => typed(table, key, (value) => typeof value === 'boolean', 'true or false') ?? false,
    table: (table, key) => typed(table, key, isObject, 'a table'),
    tables: (table, key, shown) => typed(table, key, isTables, `an array of tables: write ${shown}`) ?? [],
    place(text, key) {
      const place = text.slice(0, text.length - (/\/*$/.exec(text)?.[0].length ?? 0));
      if (/^[a-z]+:\/\//i.test(place)) throw wrong(`${key} "${text}" has a scheme: write HOST[:PORT][/PATH]`);
      if (!/^[^\s/][^\s]{0,500}$/.test(place)) throw wrong(`${key} "${text.slice(0, 100)}" is no HOST[:PORT][/PATH]`);
      return place;
    },
  };
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

const isTables = (value: unknown): value is readonly JsonObject[] => Array.isArray(value) && value.every(isObject);

function invalid(what: string, why: string): ImageError {
  return new ImageError('INVALID', `${what}: ${why}`, {
    hint: 'man 5 containers-registries.conf says what can stand there',
  });
}

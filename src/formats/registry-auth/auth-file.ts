/**
 * Files that hold credentials: Docker's `config.json` and containers-auth.json(5), which are one format. What stands in them
 * is never quoted in a message.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { type Credentials, decodeBasic } from './credentials.ts';
import { dockerKey, type KeyScope, keyScope, namespaces, registryName } from './keys.ts';
import { parseSecretJson } from './secret-json.ts';

export interface AuthFile {
  /** Its path, for messages. */
  readonly what: string;
  /** The whole document, as it was read. */
  readonly raw: JsonObject;
  /** `auths`, in the file's order. */
  readonly entries: readonly AuthEntry[];
  /** `credHelpers`: programs by key, in the file's order. */
  readonly helpers: readonly { readonly key: string; readonly name: string }[];
  /** `credsStore`: the program for every registry that has none of its own. */
  readonly store: string | undefined;
}

export interface AuthEntry {
  readonly key: string;
  readonly scope: KeyScope;
  readonly fields: JsonObject;
}

/** A program that keeps credentials, `docker-credential-NAME`, and what it is asked for. */
export interface HelperUse {
  readonly name: string;
  /** How the registry is called to it. */
  readonly server: string;
  /** Whether nobody else is to be asked: for the registry's own helper the file's `auths` do not count. */
  readonly exclusive: boolean;
}

/** @param what its path, for messages. @throws ImageError INVALID, LIMIT */
export function parseAuthFile(bytes: Uint8Array, what: string): AuthFile {
  const value = parseSecretJson(bytes, what);
  if (!isObject(value)) throw new ImageError('INVALID', `${what} is no JSON object`, { hint: REPAIR });
  const auths = mapOf(value, 'auths', what, isObject, 'an object');
  const helpers = mapOf(value, 'credHelpers', what, isText, 'a string');
  const store = value['credsStore'] ?? undefined;
  if (store !== undefined && !isText(store)) throw notA(what, 'credsStore', 'a string');
  return {
    what,
    raw: value,
    entries: auths.flatMap(([key, fields]) => {
      const scope = keyScope(key);
      return scope === undefined ? [] : [{ key, scope, fields }];
    }),
    helpers: helpers.map(([key, name]) => ({ key, name })),
    store: store === '' ? undefined : store,
  };
}

/**
 * The program that keeps a registry's credentials, if the file names one.
 * @throws ImageError INVALID for a name that is no program's
 */
export function helperFor(file: AuthFile, host: string): HelperUse | undefined {
  const own =
    file.helpers.find(({ key }) => key === host) ??
    file.helpers.find(({ key }) => {
      const scope = keyScope(key);
      return scope?.host === registryName(host) && scope.path === '';
    });
  // An empty name takes the registry out of the store's hands.
  if (own?.name === '') return undefined;
  if (own !== undefined) return { name: checkedName(own.name, file), server: own.key, exclusive: true };
  if (file.store === undefined) return undefined;
  return { name: checkedName(file.store, file), server: dockerKey(host), exclusive: false };
}

/**
 * The credentials in the file itself: of the longest namespace that the repository is in, else of the registry; among keys that
 * mean the same, the one spelt as asked for, then the first. Entries that hold nothing are passed over.
 * @throws ImageError INVALID where the entry cannot be read
 */
export function credentialsIn(file: AuthFile, host: string, repository?: string): Credentials | undefined {
  const name = registryName(host);
  const ofHost = file.entries.filter(({ scope }) => scope.host === name);
  for (const path of namespaces(repository)) {
    const spelt = path === '' ? host : `${host}/${path}`;
    const fitting = ofHost.filter(({ scope }) => scope.path === path);
    for (const entry of [...fitting.filter(({ key }) => key === spelt), ...fitting]) {
      const credentials = credentialsOf(entry, file.what);
      if (credentials !== undefined) return credentials;
    }
  }
  return undefined;
}

function credentialsOf({ key, fields }: AuthEntry, what: string): Credentials | undefined {
  const text = (field: string): string => {
    const value = Object.hasOwn(fields, field) ? (fields[field] ?? '') : '';
    if (!isText(value)) throw notA(what, `auths["${key}"].${field}`, 'a string');
    return value;
  };
  const [registryToken, identityToken, auth] = [text('registrytoken'), text('identitytoken'), text('auth')];
  if (registryToken !== '') return { kind: 'bearer', token: registryToken };
  if (identityToken !== '') return { kind: 'identity', token: identityToken };
  const [username, password] = [text('username'), text('password')];
  if (auth === '') return username === '' ? undefined : { kind: 'basic', username, password };
  const decoded = decodeBasic(auth);
  if (decoded !== undefined) return decoded;
  throw new ImageError('INVALID', `${what}: "auth" of "${key}" is not "user:password" in base64`, { hint: REPAIR });
}

const REPAIR = 'repair the file, or log in anew with "pare login"';

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** The fields of an object that may be absent; a value of null counts as absent. */
function mapOf<T>(
  object: JsonObject,
  field: string,
  what: string,
  fits: (value: unknown) => value is T,
  expected: string,
): readonly (readonly [string, T])[] {
  const value = object[field] ?? {};
  if (!isObject(value)) throw notA(what, field, 'an object');
  return Object.entries(value).flatMap(([key, one]): (readonly [string, T])[] => {
    if (one === null) return [];
    if (!fits(one)) throw notA(what, `${field}["${key}"]`, expected);
    return [[key, one]];
  });
}

function notA(what: string, field: string, expected: string): ImageError {
  return new ImageError('INVALID', `${what}: ${field} is not ${expected}`, { hint: REPAIR });
}

/** A part of a program's name: no path, no option, nothing a shell would read. */
function checkedName(name: string, { what }: AuthFile): string {
  if (/^[A-Za-z0-9][\w.-]{0,100}$/.test(name)) return name;
  throw new ImageError('INVALID', `${what}: "${name.slice(0, 40)}" is not the name of a credential helper`, {
    hint: 'a helper NAME is the program docker-credential-NAME',
  });
}

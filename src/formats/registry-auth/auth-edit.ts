/** Changing a file of credentials: the entries of one registry, and nothing else in it. @module */
import type { JsonObject } from '../../base/json.ts';
import type { AuthFile } from './auth-file.ts';
import { type Credentials, encodeBasic } from './credentials.ts';
import { dockerKey, registryName } from './keys.ts';

/** Who else reads the file: Docker looks for Docker Hub under an address, and finds it under no other key. */
export type AuthFileKind = 'docker' | 'containers';

/** A file that is not there yet. */
export function emptyAuthFile(what: string): AuthFile {
  return { what, raw: {}, entries: [], helpers: [], store: undefined };
}

/**
 * The document with these credentials for a registry, in place of all that were there for the whole of it, however their keys
 * were spelt; those of its namespaces stay. Without credentials the entry is empty, which is Docker's mark for "a helper has
 * them". Every other key keeps its value and its place.
 */
export function withCredentials(
  file: AuthFile,
  host: string,
  { kind, credentials }: { readonly kind: AuthFileKind; readonly credentials: Credentials | undefined },
): JsonObject {
  const { raw } = withoutRegistry(file, host);
  const key = kind === 'docker' ? dockerKey(host) : registryName(host);
  return { ...raw, auths: { ...(raw['auths'] as JsonObject | undefined), [key]: fieldsOf(credentials) } };
}

/** The document without a registry's entries, and the keys that went: whole registry only. */
export function withoutRegistry(
  file: AuthFile,
  host: string,
): { readonly raw: JsonObject; readonly removed: readonly string[] } {
  const name = registryName(host);
  const removed = file.entries.filter(({ scope }) => scope.host === name && scope.path === '').map(({ key }) => key);
  return { raw: without(file.raw, removed), removed };
}

/** The document without any entry, and the keys that went. */
export function withoutEntries(file: AuthFile): { readonly raw: JsonObject; readonly removed: readonly string[] } {
  const removed = Object.keys((file.raw['auths'] ?? {}) as JsonObject);
  return { raw: without(file.raw, removed), removed };
}

function without(raw: JsonObject, keys: readonly string[]): JsonObject {
  if (keys.length === 0) return raw;
  const auths = Object.entries(raw['auths'] as JsonObject).filter(([key]) => !keys.includes(key));
  return { ...raw, auths: Object.fromEntries(auths) };
}

/** As Docker lays it out. */
export function formatAuthFile(raw: JsonObject): string {
  return `${JSON.stringify(raw, null, '\t')}\n`;
}

function fieldsOf(credentials: Credentials | undefined): JsonObject {
  switch (credentials?.kind) {
    case undefined:
      return {};
    case 'basic':
      return { auth: encodeBasic(credentials.username, credentials.password) };
    case 'identity':
      return { auth: encodeBasic('<token>', ''), identitytoken: credentials.token };
    case 'bearer':
      return { registrytoken: credentials.token };
  }
}

/**
 * What is said to and by credential helpers: programs `docker-credential-NAME` with the commands get, store, erase and list,
 * which read stdin and write stdout (docker-credential-helpers, README).
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import type { Credentials } from './credentials.ts';
import { parseSecretJson } from './secret-json.ts';

/** The user name that says: the secret is an identity token. */
const TOKEN_USER = '<token>';

/** Input of `store`. */
export function storeMessage(server: string, credentials: Credentials): string {
  const [username, secret] =
    credentials.kind === 'basic' ? [credentials.username, credentials.password] : [TOKEN_USER, credentials.token];
  return JSON.stringify({ ServerURL: server, Username: username, Secret: secret });
}

/** Output of `get`; undefined where it holds neither name nor secret. @throws ImageError INVALID */
export function parseAnswer(bytes: Uint8Array, what: string): Credentials | undefined {
  const value = parseSecretJson(bytes, what);
  if (!isObject(value)) throw new ImageError('INVALID', `${what} is no JSON object`);
  const { Username: username = '', Secret: secret = '' } = value;
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw new ImageError('INVALID', `${what} has no Username and Secret that are strings`);
  }
  if (username === TOKEN_USER) return { kind: 'identity', token: secret };
  return username === '' && secret === '' ? undefined : { kind: 'basic', username, password: secret };
}

/** Output of `list`: the servers it has something for, sorted. @throws ImageError INVALID */
export function parseServers(bytes: Uint8Array, what: string): readonly string[] {
  // Go writes null for an empty map.
  const value = parseSecretJson(bytes, what) ?? {};
  if (!isObject(value)) throw new ImageError('INVALID', `${what} is no JSON object`);
  return Object.keys(value).sort();
}

/** Whether a helper that failed said that it has no such credentials: for every helper the same words. */
export function saysNotFound(printed: string): boolean {
  return /^credentials not found\b/im.test(printed.trim());
}

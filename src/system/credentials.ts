/** A user's credentials for a registry, wherever they are kept: files, and programs that the files name. @module */
import { keepSecret } from '../base/secrets.ts';
import { withCredentials, withoutEntries, withoutRegistry } from '../formats/registry-auth/auth-edit.ts';
import { type AuthFile, credentialsIn, helperFor } from '../formats/registry-auth/auth-file.ts';
import { type Credentials, secretsOf } from '../formats/registry-auth/credentials.ts';
import { registryName } from '../formats/registry-auth/keys.ts';
import { AUTH_FILES } from '../formats/registry-auth/registries-conf.ts';
import type { Run } from '../ports/run.ts';
import { authFiles, editAuthFile, readAuthFile, writtenFile } from './auth-files.ts';
import { eraseFromHelper, getFromHelper, type Helper, listHelper, storeInHelper } from './credential-helper.ts';
import type { Environment } from './home.ts';

/** Where a user's credentials are looked for. */
export interface Keyring {
  readonly env: Environment;
  readonly run?: Run | undefined;
  /** `--authfile`: this file and no other. */
  readonly authfile?: string | undefined;
  /** `credential-helpers` of registries.conf. Default: the files alone. */
  readonly helpers?: readonly string[] | undefined;
}

export interface FoundCredentials {
  readonly credentials: Credentials;
  /** The file or the program that had them, for messages. */
  readonly from: string;
}

/**
 * The first that is found: helpers of registries.conf in their order, among them the files in theirs; in each file its helper for
 * the registry, then its entries.
 * @param host as a reference has it: `docker.io`
 * @throws ImageError INVALID, DENIED, NOT_FOUND; UNAVAILABLE where a helper cannot be run; the signal's reason
 */
export async function findCredentials(
  host: string,
  repository: string | undefined,
  keyring: Keyring,
): Promise<FoundCredentials | undefined> {
  for (const name of keyring.helpers ?? [AUTH_FILES]) {
    const found =
      name === AUTH_FILES
        ? await findInFiles(host, repository, keyring)
        : await ask(helper(name, 'registries.conf', keyring), registryName(host));
    if (found === undefined) continue;
    for (const secret of secretsOf(found.credentials)) keepSecret(secret);
    return found;
  }
  return undefined;
}

async function findInFiles(
  host: string,
  repository: string | undefined,
  keyring: Keyring,
): Promise<FoundCredentials | undefined> {
  for (const file of authFiles(keyring.env, keyring.authfile)) {
    const use = helperFor(file, host);
    const kept = use && (await ask(helper(use.name, file.what, keyring), use.server));
    if (kept !== undefined) return kept;
    if (use?.exclusive === true) continue;
    const credentials = credentialsIn(file, host, repository);
    if (credentials !== undefined) return { credentials, from: file.what };
  }
  return undefined;
}

async function ask(asked: Helper, server: string): Promise<FoundCredentials | undefined> {
  const credentials = await getFromHelper(asked, server);
  return credentials && { credentials, from: `docker-credential-${asked.name}` };
}

export interface Kept {
  /** A path, or the name of a credential helper. */
  readonly in: string;
  readonly isHelper: boolean;
}

/**
 * Keeps credentials where the written file says: in the helper that it names for the registry, else in the file itself.
 * @throws ImageError as {@link findCredentials}
 */
export async function storeCredentials(host: string, credentials: Credentials, keyring: Keyring): Promise<Kept> {
  for (const secret of secretsOf(credentials)) keepSecret(secret);
  const { path, kind } = writtenFile(keyring.env, keyring.authfile);
  const use = helperFor(readAuthFile(path), host);
  if (use !== undefined) await storeInHelper(helper(use.name, path, keyring), use.server, credentials);
  const kept = use === undefined ? credentials : undefined;
  await editAuthFile(path, (file) => withCredentials(file, host, { kind, credentials: kept }), keyring.run);
  return use === undefined ? { in: path, isHelper: false } : { in: `docker-credential-${use.name}`, isHelper: true };
}

/** Something that was forgotten, and where it was. */
export interface Removed {
  /** The key in the file, or what the helper calls the registry. */
  readonly registry: string;
  readonly from: string;
}

/** Forgets one registry in the written file and in the helper that it names. @throws ImageError as {@link findCredentials} */
export async function eraseCredentials(host: string, keyring: Keyring): Promise<readonly Removed[]> {
  const { path } = writtenFile(keyring.env, keyring.authfile);
  const file = readAuthFile(path);
  const removed: Removed[] = [];
  const use = helperFor(file, host);
  if (use !== undefined) removed.push(...(await eraseIn(helper(use.name, path, keyring), [use.server])));
  removed.push(...(await editOut(file, (one) => withoutRegistry(one, host), keyring)));
  return removed;
}

/**
 * Forgets everything in the written file, in the helpers of registries that it names, and all that the helper for the others has.
 * @throws ImageError as {@link findCredentials}
 */
export async function eraseAllCredentials(keyring: Keyring): Promise<readonly Removed[]> {
  const { path } = writtenFile(keyring.env, keyring.authfile);
  const file = readAuthFile(path);
  const removed: Removed[] = [];
  for (const { key, name } of file.helpers) {
    if (name !== '') removed.push(...(await eraseIn(helper(name, path, keyring), [key])));
  }
  if (file.store !== undefined) {
    const store = helper(file.store, path, keyring);
    removed.push(...(await eraseIn(store, await listHelper(store))));
  }
  removed.push(...(await editOut(file, withoutEntries, keyring)));
  return removed;
}

async function eraseIn(store: Helper, servers: readonly string[]): Promise<readonly Removed[]> {
  const removed: Removed[] = [];
  for (const server of servers) {
    if ((await getFromHelper(store, server)) === undefined) continue;
    await eraseFromHelper(store, server);
    removed.push({ registry: server, from: `docker-credential-${store.name}` });
  }
  return removed;
}

/** A file that has nothing to lose is neither made nor touched; marks of helpers go without being told. */
async function editOut(
  file: AuthFile,
  edit: (file: AuthFile) => ReturnType<typeof withoutEntries>,
  { run }: Keyring,
): Promise<readonly Removed[]> {
  if (edit(file).removed.length === 0) return [];
  let removed: readonly Removed[] = [];
  await editAuthFile(
    file.what,
    (current) => {
      const { raw, removed: keys } = edit(current);
      const told = current.entries.filter(({ key, fields }) => keys.includes(key) && Object.keys(fields).length > 0);
      removed = told.map(({ key }) => ({ registry: key, from: file.what }));
      return raw;
    },
    run,
  );
  return removed;
}

function helper(name: string, namedBy: string, { env, run }: Keyring): Helper {
  return { name, namedBy, env, signal: run?.signal };
}

/** Logging in to registries and out again. @module */
import { ImageError } from '../base/errors.ts';
import { keepSecret, redacted } from '../base/secrets.ts';
import { isDomain } from '../formats/reference/docker.ts';
import { type Credentials, secretsOf } from '../formats/registry-auth/credentials.ts';
import { keyScope } from '../formats/registry-auth/keys.ts';
import { keyringOf, registryAccess } from '../registries.ts';
import type { Access } from '../sources.ts';
import {
  eraseAllCredentials,
  eraseCredentials,
  findCredentials,
  type Kept,
  type Removed,
  storeCredentials,
} from '../system/credentials.ts';
import { openRegistryClient } from '../transports/registry/client.ts';

export interface LoginRequest {
  /** As in a reference, or as the address that a browser shows. */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
  /** The file to write; default `$REGISTRY_AUTH_FILE`, else Docker's `config.json`. */
  readonly authfile?: string | undefined;
}

export interface LoggedIn {
  /** As a reference has it. */
  readonly registry: string;
  readonly username: string;
  readonly kept: Kept;
}

/**
 * Asks the registry whether it knows the user, and then keeps the credentials.
 * @throws ImageError USAGE; DENIED where the registry does not accept them; what the client and the helper throw
 */
export async function login(request: LoginRequest, access: Access): Promise<LoggedIn> {
  const { username, password, authfile } = request;
  const registry = registryOf(request.registry);
  if (username === '' || username.includes(':')) {
    throw new ImageError('USAGE', `"${username}" is no name of a user: it is empty or has a colon in it`);
  }
  if (password === '') throw new ImageError('USAGE', 'the password is empty');
  const credentials = { kind: 'basic', username, password } as const;
  for (const secret of secretsOf(credentials)) keepSecret(secret);
  await verify(registry, credentials, access);
  const keyring = keyringOf(access, authfile);
  const kept = await storeCredentials(registry, credentials, keyring);
  await warnOfOthers(registry, credentials, access, authfile);
  return { registry, username, kept };
}

/** Forgets what the written file, and the helpers it names, hold for one registry. @throws ImageError USAGE; what helpers throw */
export async function logout(text: string, access: Access, authfile?: string): Promise<readonly Removed[]> {
  const registry = registryOf(text);
  const removed = await eraseCredentials(registry, keyringOf(access, authfile));
  const left = await findCredentials(registry, undefined, keyringOf(access, authfile));
  if (left !== undefined) {
    const text = `${left.from} still has credentials for ${registry}, which pare uses; it was left as it is`;
    access.run?.report?.({ type: 'warning', text });
  }
  return removed;
}

/** Of every registry. */
export function logoutAll(access: Access, authfile?: string): Promise<readonly Removed[]> {
  return eraseAllCredentials(keyringOf(access, authfile));
}

/**
 * The registry that is meant, as a reference has it.
 * @throws ImageError USAGE
 */
export function registryOf(text: string): string {
  const scope = /@/.test(text) ? undefined : keyScope(text);
  const shown = redacted(text).slice(0, 200);
  if (scope === undefined || !isDomain(scope.host)) {
    throw new ImageError('USAGE', `"${shown}" is not the name of a registry`, {
      hint: 'write HOST[:PORT]; user and password go elsewhere: --username, --password-stdin',
    });
  }
  if (scope.path !== '') {
    throw new ImageError('USAGE', `"${shown}" is a repository, and one logs in to a registry`, {
      hint: `write ${scope.host}`,
    });
  }
  // What a reference would take for a user of Docker Hub.
  if (!/[.:]/.test(scope.host) && scope.host !== 'localhost') {
    throw new ImageError('USAGE', `"${shown}" cannot be the registry of a reference: it has neither dot nor port`, {
      hint: `write it in full, as ${scope.host}.example.com, or with its port`,
    });
  }
  return scope.host;
}

async function verify(registry: string, credentials: Credentials, access: Access): Promise<void> {
  let asked = false;
  const known = registryAccess(access);
  await using client = openRegistryClient(await known.destination(registry, ''), {
    ...known,
    credentialsFor: async () => {
      asked = true;
      return credentials;
    },
  });
  const ping = {
    method: 'GET',
    target: '/v2/',
    scopes: [],
    expect: [200],
    doing: `logging in to ${registry}`,
  } as const;
  try {
    await (await client.request(ping, access.run)).discard();
  } catch (error) {
    if (!(error instanceof ImageError) || error.code !== 'DENIED') throw error;
    throw new ImageError('DENIED', error.message, {
      cause: error,
      hint: 'nothing was kept: check the user and the password, or the token that stands for it',
    });
  }
  if (asked) return;
  const text = `${registry} lets everybody in: it did not ask for the password, which may be wrong`;
  access.run?.report?.({ type: 'warning', text });
}

/** Files are asked in an order, and the one that was written may not be the first. */
async function warnOfOthers(
  registry: string,
  { username, password }: Extract<Credentials, { kind: 'basic' }>,
  access: Access,
  authfile: string | undefined,
): Promise<void> {
  if (authfile !== undefined) return;
  const found = await findCredentials(registry, undefined, keyringOf(access));
  const first = found?.credentials;
  if (first?.kind === 'basic' && first.username === username && first.password === password) return;
  const text =
    found === undefined
      ? `the credentials for ${registry} were kept, and are not found again`
      : `${found.from} has other credentials for ${registry}, and is asked first`;
  access.run?.report?.({ type: 'warning', text });
}

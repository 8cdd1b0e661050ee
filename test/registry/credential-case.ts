/** What the tests of credentials share: a user, a registry that wants to know who asks, and what must not be heard. @module */
import { expect } from 'vitest';
import type { ImageError } from '../../src/base/errors.ts';
import type { Credentials } from '../../src/ports/registry-access.ts';
import { openRegistryClient } from '../../src/transports/registry/client.ts';
import type { RegistryRequest } from '../../src/transports/registry/types.ts';
import { type TestAccess, testAccess } from './access.ts';
import type { Eavesdropper } from './eavesdropper.ts';
import type { Handle } from './http.ts';
import { type Registry, type RegistryOptions, startRegistry } from './server.ts';
import { digestLike } from './storage.ts';

export const PASSWORD = 'pa55word-of-mine';
export const ME: Credentials = { kind: 'basic', username: 'me', password: PASSWORD };
export const IDENTITY = 'refresh-token-of-mine';
export const BASIC = { kind: 'basic', users: { me: PASSWORD } } as const;
export const TOKEN = { kind: 'token', users: { me: PASSWORD } } as const;
export const BYTES = Buffer.from('0123456789');
export const DIGEST = digestLike(BYTES);
const SECRETS = [PASSWORD, IDENTITY, Buffer.from(`me:${PASSWORD}`).toString('base64'), 'token-', 'Bearer', 'Basic'];

interface Asked {
  readonly status?: number;
  readonly body?: string;
  readonly error?: ImageError;
}

/** The registry with a blob `DIGEST` in `a`. */
export async function registryWith(options: RegistryOptions): Promise<Registry> {
  const registry = await startRegistry(options);
  registry.storage.repository('a').blobs.set(DIGEST, BYTES);
  return registry;
}

const READ: RegistryRequest = {
  method: 'GET',
  target: `/v2/a/blobs/${DIGEST}`,
  scopes: [{ repository: 'a', actions: ['pull'] }],
  expect: [200],
  doing: 'reading the blob',
};

/** One request to the registry, as the user, who is known at this host only. */
export async function ask(
  { host }: { readonly host: string },
  {
    credentials = ME,
    insecure = false,
    ...access
  }: Omit<TestAccess, 'credentials'> & { credentials?: Credentials } = {},
  request: Partial<RegistryRequest> = {},
): Promise<Asked> {
  const all = testAccess({ ...access, credentials: { [host]: credentials } });
  await using client = openRegistryClient({ host, insecure }, all);
  try {
    const response = await client.request({ ...READ, ...request });
    return { status: response.status, body: Buffer.from(await response.bytes(1 << 20)).toString() };
  } catch (error) {
    return { error: error as ImageError };
  }
}

/** Nothing secret in what was heard, nor in the error. */
export function expectNothingHeard(eve: Eavesdropper | undefined, { error }: Asked): void {
  const texts = [eve?.heard() ?? ''];
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    texts.push(one.message, 'hint' in one ? String(one.hint) : '');
  }
  for (const secret of [PASSWORD, IDENTITY, SECRETS[2] as string, 'token-'])
    expect(texts.join('\n')).not.toContain(secret);
  if (eve !== undefined) for (const word of SECRETS) expect(eve.heard()).not.toContain(word);
}

export const redirect =
  (to: () => string, status = 307): Handle =>
  async () => ({ status, headers: { Location: to() } });

/** The registry's own handler, but for some paths. */
export const except =
  (path: RegExp, instead: Handle) =>
  (handle: Handle): Handle =>
  (question) =>
    path.test(question.url.pathname) ? instead(question) : handle(question);

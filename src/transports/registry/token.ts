/**
 * Tokens of a registry's token server: by GET with a password or anonymously ("Token Authentication Specification" of the
 * distribution project), by POST with what a login gave ("OAuth2").
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { keepSecret } from '../../base/secrets.ts';
import type { Credentials } from '../../ports/registry-access.ts';
import { basicAuthorization } from './basic.ts';
import { type Diagnosis, diagnose } from './diagnostics.ts';
import type { Exchange } from './exchange.ts';
import type { RegistryResponse } from './types.ts';

export interface Token {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

export interface TokenRequest {
  /** Where the challenge sends the client; checked by the caller. */
  readonly realm: URL;
  readonly service: string | undefined;
  /** As `repository:library/redis:pull`. */
  readonly scopes: readonly string[];
  readonly credentials: Credentials | undefined;
  /** The registry, for messages. */
  readonly host: string;
  readonly doing: string;
}

const CLIENT = 'pare';
export const MOST_TOKEN_BYTES = 1024 * 1024;
/** Seconds; what is to be assumed where the server does not say, and the least that it may say. */
const LEAST_LIFE = 60;
const LONGEST_LIFE = 24 * 3600;
/** A token is renewed this much before its end, in milliseconds: requests take time to arrive. */
const EARLY = 10_000;

/**
 * @param send with its retries; an answer of the status 401 or 403, 404 or 405 is handed back
 * @throws ImageError DENIED where the credentials are not accepted
 */
export async function requestToken(
  request: TokenRequest,
  send: (exchange: Exchange) => Promise<RegistryResponse>,
  now: () => number,
): Promise<Token> {
  const { credentials } = request;
  let response = await send(credentials?.kind === 'identity' ? byPost(request, credentials.token) : byGet(request));
  if (response.status === 405 && credentials?.kind === 'basic') {
    await response.discard();
    response = await send(byPost(request, credentials));
  }
  if (response.status !== 200) throw await denied(response, request);
  return tokenOf(await answerOf(response), request, now());
}

/** What is no JSON is quoted nowhere: it could be half a token. */
async function answerOf(response: RegistryResponse): Promise<unknown> {
  try {
    return await response.json(MOST_TOKEN_BYTES);
  } catch (error) {
    if (error instanceof ImageError && error.code === 'INVALID') return undefined;
    throw error;
  }
}

function byGet({ realm, service, scopes, credentials, doing }: TokenRequest): Exchange {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (credentials?.kind !== 'basic') return { method: 'GET', url, headers: {}, doing };
  url.searchParams.set('account', credentials.username);
  return { method: 'GET', url, headers: { authorization: basicAuthorization(credentials) }, doing };
}

function byPost(
  { realm, service, scopes, doing }: TokenRequest,
  secret: string | Extract<Credentials, { kind: 'basic' }>,
): Exchange {
  const form = new URLSearchParams({ client_id: CLIENT });
  if (service !== undefined) form.set('service', service);
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  if (typeof secret === 'string') {
    form.set('grant_type', 'refresh_token');
    form.set('refresh_token', secret);
  } else {
    form.set('grant_type', 'password');
    form.set('username', secret.username);
    form.set('password', secret.password);
  }
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { method: 'POST', url: realm, headers, body: Buffer.from(form.toString()), doing };
}

function tokenOf(answer: unknown, { realm, host, doing }: TokenRequest, now: number): Token {
  const fields = isObject(answer) ? answer : {};
  const value = fields['token'] || fields['access_token'];
  // Anything else could break out of the header it is sent in.
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
    throw new ImageError('INVALID', `${doing}: ${realm.host}, which gives tokens for ${host}, gave none`);
  }
  keepSecret(value);
  const life = typeof fields['expires_in'] === 'number' ? fields['expires_in'] : LEAST_LIFE;
  return { value, expires: now + Math.min(Math.max(life, LEAST_LIFE), LONGEST_LIFE) * 1000 - EARLY };
}

async function denied(
  response: RegistryResponse,
  { realm, host, credentials, doing }: TokenRequest,
): Promise<ImageError> {
  const { text }: Diagnosis = await diagnose(response);
  const said = text === '' ? `${response.status}` : `${response.status}: ${text}`;
  const login = host === 'docker.io' ? 'pare login' : `pare login ${host}`;
  const code = response.status >= 500 ? 'IO' : response.status === 429 ? 'LIMIT' : 'DENIED';
  const hint =
    credentials === undefined
      ? `log in with "${login}"`
      : `the credentials for ${host} are not accepted: log in again with "${login}"`;
  const what = `${doing}: ${realm.host}, which gives tokens for ${host}, answers ${said}`;
  return new ImageError(code, what, code === 'DENIED' ? { hint } : {});
}

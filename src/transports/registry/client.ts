/** The client of one registry, put together: connections, challenge and answer, redirects, and trying again. @module */
import { ImageError } from '../../base/errors.ts';
import type { RegistryAccess, RegistryEndpoint } from '../../ports/registry-access.ts';
import type { Run } from '../../ports/run.ts';
import { Authorizer } from './authorizer.ts';
import { type Connections, openConnections } from './connections.ts';
import { refusal } from './diagnostics.ts';
import { type Exchange, exchange, received } from './exchange.ts';
import { registryUrl, schemesOf, verifiedBut } from './host.ts';
import { findRegistry } from './ping.ts';
import { isScarce, rateLimit, rateLimitText } from './rate-limit.ts';
import { following } from './redirects.ts';
import { Disconnected, persistently, type RetryPolicy } from './retry.ts';
import type { Timeouts } from './timeouts.ts';
import { MOST_TOKEN_BYTES } from './token.ts';
import type { RegistryClient, RegistryRequest, RegistryResponse, Scope } from './types.ts';

/** How often one request may answer a challenge: once for the first, once for a token that has just ended. */
const MOST_CHALLENGES = 2;

/** A registry that has never been reached is given up soon: its name may be wrong, or there is no network at all. */
const FIRST_CONTACT: RetryPolicy = { expect: [], isIdempotent: true, isRepeatable: true, connections: 1 };
const ALWAYS: RetryPolicy = { expect: [], isIdempotent: true, isRepeatable: true };

export interface ClientOptions {
  readonly timeouts?: Timeouts;
}

/** Nothing is sent before the first request. The caller disposes of it. */
export function openRegistryClient(
  endpoint: Pick<RegistryEndpoint, 'host' | 'insecure'>,
  access: RegistryAccess,
  options: ClientOptions = {},
): RegistryClient {
  return new Client(endpoint.host, endpoint.insecure || access.insecure, access, options);
}

class Client implements RegistryClient {
  readonly host: string;
  readonly #insecure: boolean;
  readonly #access: RegistryAccess;
  readonly #connections: Connections;
  readonly #authorizer: Authorizer;
  #base: Promise<URL> | undefined;
  #hasWarned = false;

  constructor(host: string, insecure: boolean, access: RegistryAccess, { timeouts }: ClientOptions) {
    this.host = host;
    this.#insecure = insecure;
    this.#access = access;
    const isVerified = verifiedBut(host, insecure);
    this.#connections = openConnections(access, isVerified, timeouts);
    this.#authorizer = new Authorizer({ host, access, isVerified });
  }

  async request(request: RegistryRequest, run: Run = {}): Promise<RegistryResponse> {
    const base = await this.#connected(request, run);
    const first = this.#exchangeFor(request, base);
    const isIdempotent = request.idempotent ?? !['POST', 'PATCH'].includes(request.method);
    const isRepeatable = !isStream(request.body);
    const response = await this.#persistently(
      async () => wholly(await this.#authorized(first, request, base, run), request.whole),
      { expect: request.expect, isIdempotent, isRepeatable },
      run,
    );
    this.#tellLimit(response, run);
    if (request.expect.includes(response.status)) return response;
    throw await this.failure(request, response);
  }

  async failure({ doing, scopes }: RegistryRequest, response: RegistryResponse): Promise<ImageError> {
    const base = await this.#base;
    return refusal(response, {
      doing,
      host: this.host,
      redirectedTo: base === undefined || response.url.origin === base.origin ? undefined : response.url.host,
      hasCredentials: (await this.#authorizer.credentials(scopes)) !== undefined,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]();
  }

  /** The registry's address, found out once: a failure is not remembered. */
  #connected(request: RegistryRequest, run: Run): Promise<URL> {
    this.#base ??= this.#ping(request, run).catch((error: unknown) => {
      this.#base = undefined;
      throw error;
    });
    return this.#base;
  }

  async #ping({ doing }: RegistryRequest, run: Run): Promise<URL> {
    const { ca = [], identity } = await this.#access.hostConfig(registryUrl(this.host, 'https').host);
    const hasCertificates = ca.length > 0 || identity !== undefined;
    const { base, challenge } = await findRegistry({
      host: this.host,
      schemes: schemesOf(this.host, { insecure: this.#insecure, hasCertificates }),
      doing,
      send: (one) => this.#followed(one, run),
      persistently: (attempt) => this.#persistently(attempt, FIRST_CONTACT, run),
    });
    if (challenge !== undefined) this.#authorizer.challenged(challenge, undefined);
    return base;
  }

  #exchangeFor({ method, target, headers = {}, body, contentLength, doing }: RegistryRequest, base: URL): Exchange {
    const url = new URL(target, base);
    if (url.protocol === 'http:' && base.protocol === 'https:' && !this.#insecure) {
      throw new ImageError(
        'DENIED',
        `${doing}: ${this.host} gives an address without TLS: ${url.origin}${url.pathname}`,
        {
          hint: 'the registry is set up wrongly behind its proxy: it has to know that it is reached by https',
        },
      );
    }
    return {
      method,
      url,
      headers,
      doing,
      ...(body === undefined ? {} : { body }),
      ...(contentLength === undefined ? {} : { contentLength }),
    };
  }

  /** With what the registry asks for; on a challenge again, with what that asks for. */
  async #authorized(first: Exchange, request: RegistryRequest, base: URL, run: Run): Promise<RegistryResponse> {
    const isOwn = first.url.origin === base.origin;
    const errand = {
      scopes: request.scopes,
      doing: request.doing,
      send: (one: Exchange) => this.#sentForToken(one, run),
    };
    for (let n = 0; ; n++) {
      const authorization = isOwn ? await this.#authorizer.authorization(errand) : undefined;
      const headers = authorization === undefined ? first.headers : { ...first.headers, authorization };
      const response = await this.#followed({ ...first, headers }, run);
      if (response.status !== 401 || n === MOST_CHALLENGES || isStream(request.body)) return response;
      if (response.url.origin !== base.origin || !this.#authorizer.challenged(response, authorization)) return response;
      if (!(await this.#canAnswer(request.scopes))) return response;
      await response.discard();
    }
  }

  async #canAnswer(scopes: readonly Scope[]): Promise<boolean> {
    return this.#authorizer.asksForToken || (await this.#authorizer.credentials(scopes)) !== undefined;
  }

  /** With tries of its own: whoever asks for a token does not multiply them. */
  async #sentForToken(one: Exchange, run: Run): Promise<RegistryResponse> {
    const send = async () =>
      wholly(await exchange(this.#connections, one, this.#access.world, run.signal), MOST_TOKEN_BYTES);
    try {
      return await this.#persistently(send, ALWAYS, run);
    } catch (error) {
      throw error instanceof Disconnected ? error.final() : error;
    }
  }

  #followed(one: Exchange, run: Run): Promise<RegistryResponse> {
    return following(one, !this.#insecure, (next) => exchange(this.#connections, next, this.#access.world, run.signal));
  }

  #persistently(attempt: () => Promise<RegistryResponse>, policy: RetryPolicy, run: Run): Promise<RegistryResponse> {
    return persistently(attempt, policy, this.#access.world, { host: this.host, run });
  }

  #tellLimit(response: RegistryResponse, run: Run): void {
    const limit = rateLimit(response.headers);
    if (limit === undefined || this.#hasWarned || !isScarce(limit)) return;
    this.#hasWarned = true;
    run.report?.({ type: 'warning', text: `${this.host}: ${rateLimitText(response.headers)}` });
  }
}

async function wholly(response: RegistryResponse, limit: number | undefined): Promise<RegistryResponse> {
  return limit === undefined || response.status >= 300 ? response : received(response, limit);
}

function isStream(body: RegistryRequest['body']): boolean {
  return body !== undefined && !(body instanceof Uint8Array) && typeof body !== 'function';
}

/**
 * Who the client is to one registry: what the registry asks for in its challenge, and the token that answers it, renewed before
 * its end and widened when more is needed. One token is asked for at a time.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { redacted } from '../../base/secrets.ts';
import type { Credentials, RegistryAccess } from '../../ports/registry-access.ts';
import { basicAuthorization } from './basic.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Exchange } from './exchange.ts';
import { type IsVerified, securityOf, shownUrl } from './host.ts';
import { requestToken, type Token } from './token.ts';
import type { RegistryResponse, Scope } from './types.ts';

export interface AuthorizerOptions {
  /** As the reference has it. */
  readonly host: string;
  readonly access: Pick<RegistryAccess, 'credentialsFor' | 'world'>;
  readonly isVerified: IsVerified;
}

/** What one request needs: its scopes, and how the exchange with the token server is made. */
export interface Errand {
  readonly scopes: readonly Scope[];
  readonly doing: string;
  readonly send: (exchange: Exchange) => Promise<RegistryResponse>;
}

/** Scopes that a challenge may add, over the life of a client. */
const MOST_SCOPES = 100;

export class Authorizer {
  readonly #options: AuthorizerOptions;
  #challenge: (Challenge & { readonly from: URL }) | undefined;
  #token: (Token & { readonly scopes: ReadonlySet<string> }) | undefined;
  /** All that was needed so far: a token for more than the next request needs spares asking again. */
  readonly #needed = new Set<string>();
  #queue: Promise<unknown> = Promise.resolve();
  readonly #credentials = new Map<string | undefined, Promise<Credentials | undefined>>();

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** The header's value; undefined where nothing is asked for, or nothing is there to give. */
  async authorization(errand: Errand): Promise<string | undefined> {
    const challenge = this.#challenge;
    if (challenge === undefined) return undefined;
    const credentials = await this.credentials(errand.scopes);
    if (credentials?.kind === 'bearer') return `Bearer ${credentials.token}`;
    if (challenge.scheme === 'basic')
      return credentials?.kind === 'basic' ? basicAuthorization(credentials) : undefined;
    const scopes = scopeNames(errand.scopes);
    for (const scope of scopes) this.#needed.add(scope);
    return `Bearer ${(await this.#tokenFor(scopes, errand, credentials)).value}`;
  }

  /**
   * Takes in the challenge of an answer of the registry itself: a redirect's answer is not to be shown here.
   * @param sent the header of the request that it answers
   * @returns whether the request may be answered otherwise now
   */
  challenged({ headers, url }: Pick<RegistryResponse, 'headers' | 'url'>, sent: string | undefined): boolean {
    const offered = parseChallenges(headers['www-authenticate'] ?? '');
    const chosen =
      offered.find(({ scheme }) => scheme === 'bearer') ?? offered.find(({ scheme }) => scheme === 'basic');
    if (chosen === undefined) return false;
    this.#challenge = { ...chosen, from: url };
    if (chosen.scheme === 'basic') return sent?.startsWith('Basic ') !== true;
    const wanted = actionNames(chosen.parameters['scope'] ?? '');
    const token = sent === `Bearer ${this.#token?.value}` ? this.#token : undefined;
    // The token server was asked for all of it and knew better.
    const isRefused = chosen.parameters['error'] === 'insufficient_scope' && token !== undefined;
    if (isRefused && [...wanted].every((scope) => token.scopes.has(scope))) return false;
    for (const scope of wanted) if (this.#needed.size < MOST_SCOPES) this.#needed.add(scope);
    if (token !== undefined) this.#token = undefined;
    return true;
  }

  /** Whether a token may be had for the asking, by whom it may be. */
  get asksForToken(): boolean {
    return this.#challenge?.scheme === 'bearer';
  }

  /** What is known of the user here, by the first of the repositories. */
  async credentials(scopes: readonly Scope[]): Promise<Credentials | undefined> {
    const repository = scopes[0]?.repository;
    const { access, host } = this.#options;
    const known = this.#credentials.get(repository) ?? access.credentialsFor(host, repository);
    this.#credentials.set(repository, known);
    return known;
  }

  async #tokenFor(scopes: ReadonlySet<string>, errand: Errand, credentials: Credentials | undefined): Promise<Token> {
    const turn = this.#queue.then(async () => {
      const { now } = this.#options.access.world;
      const token = this.#token;
      const suffices =
        token !== undefined && token.expires > now() && [...scopes].every((scope) => token.scopes.has(scope));
      if (suffices) return token;
      const needed = new Set(this.#needed);
      const fresh = await this.#request(needed, errand, credentials);
      this.#token = { ...fresh, scopes: needed };
      return fresh;
    });
    this.#queue = turn.catch(() => undefined); // whoever asked is told
    return turn;
  }

  async #request(needed: ReadonlySet<string>, { doing, send }: Errand, credentials: Credentials | undefined) {
    const { host, access } = this.#options;
    const { parameters } = this.#challenge ?? { parameters: {} as Challenge['parameters'] };
    const realm = this.#realm(parameters['realm'] ?? '', doing);
    return await requestToken(
      { realm, service: parameters['service'], scopes: joinedScopes(needed), credentials, host, doing },
      send,
      access.world.now,
    );
  }

  /** A token server may be another host; what is secret goes there only as well protected as the challenge came. */
  #realm(text: string, doing: string): URL {
    const { host, isVerified } = this.#options;
    const from = this.#challenge?.from;
    const realm = URL.parse(text);
    if (realm === null || from === undefined || !['http:', 'https:'].includes(realm.protocol)) {
      throw new ImageError(
        'INVALID',
        `${doing}: ${host} wants a token, and does not say from where: "${redacted(text).slice(0, 100)}"`,
      );
    }
    realm.username = '';
    realm.password = '';
    realm.hash = '';
    if (realm.origin === from.origin || securityOf(realm, isVerified) >= securityOf(from, isVerified)) return realm;
    throw new ImageError(
      'DENIED',
      `${doing}: ${host} wants a token from ${shownUrl(realm)}, which is less protected than itself`,
      {
        hint: 'anybody on the network could read the credentials there, so they are not sent',
      },
    );
  }
}

/** One name for each action: `repository:library/redis:pull`. */
function scopeNames(scopes: readonly Scope[]): ReadonlySet<string> {
  return new Set(scopes.flatMap(({ repository, actions }) => actions.map((one) => `repository:${repository}:${one}`)));
}

/** The same, of a challenge's list: `repository:library/redis:pull,push registry:catalog:*`. */
function actionNames(list: string): ReadonlySet<string> {
  const scopes = list.split(' ').filter((scope) => /^[\x21-\x7e]{1,500}$/.test(scope));
  return new Set(
    scopes.flatMap((scope) => {
      const cut = scope.lastIndexOf(':');
      return scope
        .slice(cut + 1)
        .split(',')
        .map((action) => `${scope.slice(0, cut)}:${action}`);
    }),
  );
}

/** One name for each resource, its actions together: `repository:library/redis:pull,push`. Sorted. */
function joinedScopes(scopes: ReadonlySet<string>): readonly string[] {
  const actions = new Map<string, string[]>();
  for (const scope of [...scopes].sort()) {
    const cut = scope.lastIndexOf(':');
    const resource = scope.slice(0, cut);
    actions.set(resource, [...(actions.get(resource) ?? []), scope.slice(cut + 1)]);
  }
  return [...actions].map(([resource, list]) => `${resource}:${list.join(',')}`);
}

/**
 * Who may do what: Basic, or Bearer tokens as in distribution's `docs/spec/auth` (token by GET, OAuth2 token by POST).
 * @module
 */
import { randomBytes } from 'node:crypto';
import { json, refused } from './answers.ts';
import type { Question } from './http.ts';
import type { Answer } from './wire.ts';

export type Action = 'pull' | 'push' | 'delete';

export interface Wanted {
  readonly repository: string;
  readonly actions: readonly Action[];
}

export interface AuthOptions {
  readonly kind: 'basic' | 'token';
  /** Name → password. */
  readonly users: Readonly<Record<string, string>>;
  /** What a user (undefined: nobody in particular) may do; default everything for users, nothing for nobody. */
  readonly may?: (user: string | undefined, repository: string, action: Action) => boolean;
  /** How long a token lives, in seconds; default 300. */
  readonly lifetime?: number;
  /** `expires_in` is left out, as some do. */
  readonly withoutExpiry?: boolean;
  /** The realm of the challenge; default `/token` of the registry itself. */
  readonly realm?: () => string;
  /** No POST: the older form alone. */
  readonly onlyGet?: boolean;
}

interface Token {
  readonly user: string | undefined;
  readonly access: readonly Wanted[];
  /** In milliseconds of the registry's clock. */
  readonly until: number;
}

const SERVICE = 'test-registry';

export class Authority {
  readonly #options: AuthOptions;
  readonly #now: () => number;
  readonly #tokens = new Map<string, Token>();
  readonly #refresh = new Map<string, string>();

  constructor(options: AuthOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  /** All tokens given so far are worth nothing. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  /** A token for long, as `docker login` keeps it. */
  refreshToken(user: string): string {
    const token = `refresh-${randomBytes(12).toString('hex')}`;
    this.#refresh.set(token, user);
    return token;
  }

  /** @returns what is to be answered where the client may not; undefined where it may */
  check(question: Question, origin: string, wanted: readonly Wanted[]): Answer | undefined {
    const header = question.headers.authorization;
    if (this.#options.kind === 'basic') {
      const user = this.#basicUser(header);
      if (user === undefined) return unauthorized('Basic realm="test"');
      return this.#allows(user, wanted) ? undefined : refused('DENIED', 'requested access to the resource is denied');
    }
    const token = this.#tokens.get(/^Bearer (.+)$/i.exec(header ?? '')?.[1] ?? '');
    const isAlive = token !== undefined && this.#now() < token.until;
    if (isAlive && wanted.every((one) => holds(token, one))) return undefined;
    return unauthorized(this.#challenge(origin, wanted, isAlive, header !== undefined));
  }

  /** Whether the one who asks may read another repository, for mounts. */
  mayPull(question: Question, repository: string): boolean {
    return this.check(question, '', [{ repository, actions: ['pull'] }]) === undefined;
  }

  /** The token server: `GET ?service&scope…` with Basic or nothing, or a form by POST. */
  async token(question: Question): Promise<Answer> {
    if (question.method === 'GET') {
      const user = this.#basicUser(question.headers.authorization);
      if (user === undefined && question.headers.authorization !== undefined)
        return unauthorized('Basic realm="token"');
      return this.#issue(user, question.url.searchParams.getAll('scope'), question.url.searchParams);
    }
    if (question.method !== 'POST' || this.#options.onlyGet) return refused('UNSUPPORTED', question.method);
    const text = Buffer.concat(await Array.fromAsync(question.body)).toString();
    const form = new URLSearchParams(text);
    const user = this.#formUser(form);
    if (user === undefined) return refused('UNAUTHORIZED', 'authentication failed');
    return this.#issue(user, (form.get('scope') ?? '').split(' '), form);
  }

  #challenge(origin: string, wanted: readonly Wanted[], isAlive: boolean, hadHeader: boolean): string {
    const realm = this.#options.realm?.() ?? `${origin}/token`;
    const scope = wanted.map(({ repository, actions }) => `repository:${repository}:${actions.join(',')}`).join(' ');
    const parts = [`realm="${realm}"`, `service="${SERVICE}"`];
    if (scope !== '') parts.push(`scope="${scope}"`);
    if (hadHeader) parts.push(`error="${isAlive ? 'insufficient_scope' : 'invalid_token'}"`);
    return `Bearer ${parts.join(',')}`;
  }

  #basicUser(header: string | undefined): string | undefined {
    const encoded = /^Basic (.+)$/i.exec(header ?? '')?.[1];
    const [user = '', ...password] = Buffer.from(encoded ?? '', 'base64')
      .toString()
      .split(':');
    return this.#isUser(user, password.join(':')) ? user : undefined;
  }

  #formUser(form: URLSearchParams): string | undefined {
    if (form.get('grant_type') === 'refresh_token') return this.#refresh.get(form.get('refresh_token') ?? '');
    const user = form.get('username') ?? '';
    return this.#isUser(user, form.get('password') ?? '') ? user : undefined;
  }

  #isUser(user: string, password: string): boolean {
    return Object.hasOwn(this.#options.users, user) && this.#options.users[user] === password;
  }

  #issue(user: string | undefined, scopes: readonly string[], asked: URLSearchParams): Answer {
    const access = scopes.flatMap((scope) => this.#granted(user, scope));
    const token = `token-${randomBytes(12).toString('hex')}`;
    const lifetime = this.#options.lifetime ?? 300;
    this.#tokens.set(token, { user, access, until: this.#now() + lifetime * 1000 });
    const isOffline = asked.get('access_type') === 'offline' || asked.get('offline_token') === 'true';
    return json({
      token,
      access_token: token,
      ...(this.#options.withoutExpiry ? {} : { expires_in: lifetime, issued_at: new Date(this.#now()).toISOString() }),
      ...(isOffline && user !== undefined ? { refresh_token: this.refreshToken(user) } : {}),
    });
  }

  #granted(user: string | undefined, scope: string): Wanted[] {
    const match = /^repository:(.+):([a-z,*]+)$/.exec(scope);
    if (match === null) return [];
    const [, repository = '', actions = ''] = match;
    const granted = (['pull', 'push', 'delete'] as const).filter(
      (action) => actions.split(',').includes(action) && this.#allows(user, [{ repository, actions: [action] }]),
    );
    return [{ repository, actions: granted }];
  }

  #allows(user: string | undefined, wanted: readonly Wanted[]): boolean {
    const may = this.#options.may ?? ((who) => who !== undefined);
    return wanted.every(({ repository, actions }) => actions.every((action) => may(user, repository, action)));
  }
}

function holds(token: Token, { repository, actions }: Wanted): boolean {
  const has = token.access.filter((one) => one.repository === repository).flatMap((one) => one.actions);
  return actions.every((action) => has.includes(action));
}

function unauthorized(challenge: string): Answer {
  return refused('UNAUTHORIZED', 'authentication required', { 'WWW-Authenticate': challenge });
}

/**
 * The client of one registry: HTTP with the registry's rules (distribution-spec 1.1) already kept. It finds out the scheme,
 * answers challenges, renews tokens, follows redirects without handing credentials on, waits and tries again, and says what a
 * registry refused in the registry's own words. What it is given from outside is `ports/registry-access.ts`.
 * @module
 */
import type { Run } from '../../ports/run.ts';

/** What is to be done with a repository, as tokens state it. */
export interface Scope {
  readonly repository: string;
  readonly actions: readonly ('pull' | 'push' | 'delete')[];
}

export type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

export interface RegistryRequest {
  readonly method: Method;
  /** A path of this registry with its query (`/v2/…`), or the URL that it gave itself (an upload's Location). */
  readonly target: string | URL;
  /** Names in lower case. Authorization is the client's business. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes and functions can be sent again; a plain stream is sent once, and a failure of it is final. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array> | (() => AsyncIterable<Uint8Array>);
  /** Bytes of the body; needed where it is no array. */
  readonly contentLength?: number;
  /** All that this and the next requests need; a token is asked for their union. */
  readonly scopes: readonly Scope[];
  /** Statuses that are an answer; any other is thrown as an ImageError with the registry's diagnostics. */
  readonly expect: readonly number[];
  /** Whether it may be sent again after a lost connection or a 5xx. Default: all methods but POST and PATCH. */
  readonly idempotent?: boolean;
  /**
   * The body of a success is to be read as a whole, of at most so many bytes, before the request counts as done: then one that breaks
   * off is asked for again.
   */
  readonly whole?: number;
  /** What is being done, for messages: `reading the manifest of docker.io/library/redis:7`. */
  readonly doing: string;
}

export interface RegistryResponse {
  readonly status: number;
  /** Names in lower case; several of one name joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /**
   * Once only. Ends with an ImageError IO where the connection is lost, or stands still for too long. Leaving it before its
   * end closes the connection.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body. @throws ImageError LIMIT beyond `limit` bytes */
  bytes(limit: number): Promise<Uint8Array>;
  /** The whole body as JSON. @throws ImageError LIMIT, INVALID */
  json(limit: number): Promise<unknown>;
  /** Lets go of the body. Whoever reads none of the above has to call it. */
  discard(): Promise<void>;
}

export interface RegistryClient extends AsyncDisposable {
  /** As the reference has it: `docker.io`, `localhost:5000`. */
  readonly host: string;
  /**
   * Sends a request, and again where that is right: after a challenge with credentials; after 408, 429, 5xx and lost connections
   * with a growing, jittered pause, or the one that Retry-After asks for.
   * @throws ImageError DENIED (401, 403), NOT_FOUND (404), UNSUPPORTED (405, 501), LIMIT (413, 429 to the end), INVALID (other
   *   4xx, what makes no sense), IO (5xx and lost connections, to the end)
   */
  request(request: RegistryRequest, run?: Run): Promise<RegistryResponse>;
  /** The error that an unexpected answer means: for answers that were expected, and turn out to be failures. */
  failure(request: RegistryRequest, response: RegistryResponse): Promise<Error>;
}

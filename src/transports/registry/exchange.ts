/** One request and its answer: nothing is followed, repeated or authorized here. @module */
import { getDefaultHighWaterMark, type Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { parseJson } from '../../base/json.ts';
import { collect, pieces } from '../../base/stream.ts';
import type { World } from '../../ports/registry-access.ts';
import type { Connections } from './connections.ts';
import { disconnected } from './network-errors.ts';
import { Disconnected } from './retry.ts';
import type { Timeouts } from './timeouts.ts';
import type { Method, RegistryRequest, RegistryResponse } from './types.ts';

export interface Exchange {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RegistryRequest['body'];
  readonly contentLength?: number;
  /** For messages. */
  readonly doing: string;
}

const USER_AGENT = 'pare';
/** An answer nobody wants is read to its end, which keeps the connection, only where it is short. */
const WORTH_READING = 64 * 1024;

/** @throws ImageError IO: {@link Disconnected}; the signal's reason */
export async function exchange(
  connections: Connections,
  { method, url, headers, body, contentLength, doing }: Exchange,
  world: Pick<World, 'now'>,
  signal?: AbortSignal,
): Promise<RegistryResponse> {
  signal?.throwIfAborted();
  const length = body instanceof Uint8Array ? body.length : contentLength;
  try {
    const dispatcher = await connections.to(url);
    const answer = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers: {
        'user-agent': USER_AGENT,
        'accept-encoding': 'identity',
        ...headers,
        ...(length === undefined ? {} : { 'content-length': `${length}` }),
      },
      body: sendable(body),
      // What may be sent again is decided by whoever knows what it means.
      idempotent: method === 'GET' || method === 'HEAD',
      // undici gives a connection up after HEAD, for servers that wrongly send a body: those would be found out.
      reset: false,
      ...(signal === undefined ? {} : { signal }),
    });
    return responseOf(answer, { url, doing, world, signal, timeouts: connections.timeouts });
  } catch (error) {
    signal?.throwIfAborted();
    throw disconnected(error, url.host, doing);
  }
}

/** The same answer, with its body at hand. @throws ImageError LIMIT; IO where it breaks off */
export async function received(response: RegistryResponse, limit: number): Promise<RegistryResponse> {
  return { ...response, ...bodyOf(pieces(await response.bytes(limit)), response.url), discard: async () => undefined };
}

function bodyOf(body: AsyncIterable<Uint8Array>, { host }: URL): Pick<RegistryResponse, 'body' | 'bytes' | 'json'> {
  const what = `the answer of ${host}`;
  const bytes = (limit: number) => collect(body, limit, what);
  return { body, bytes, json: async (limit) => parseJson(await bytes(limit), what, limit) };
}

/** undici takes any stream of bytes, and its types do not say so. */
function sendable(body: RegistryRequest['body']): Readable | Uint8Array | null {
  if (body === undefined) return null;
  if (body instanceof Uint8Array) return body;
  return copied(typeof body === 'function' ? body() : body) as unknown as Readable;
}

/**
 * Pieces may be used again once the next is asked for, and until then small ones may wait in the socket: they are copied. After one that
 * fills the socket's buffer undici waits until it is empty (Writable's `drain`).
 */
async function* copied(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const full = getDefaultHighWaterMark(false);
  for await (const piece of bytes) yield piece.length >= full ? piece : Buffer.from(piece);
}

interface Circumstances {
  readonly url: URL;
  readonly doing: string;
  readonly world: Pick<World, 'now'>;
  readonly signal: AbortSignal | undefined;
  readonly timeouts: Timeouts;
}

function responseOf(answer: Dispatcher.ResponseData, about: Circumstances): RegistryResponse {
  const { url, doing, signal } = about;
  const stream = answer.body.on('error', () => undefined); // told to whoever reads
  return {
    status: answer.statusCode,
    headers: plainHeaders(answer.headers),
    url,
    ...bodyOf(streamed(stream, about), url),
    discard: async () => {
      try {
        await stream.dump({ limit: WORTH_READING, ...(signal === undefined ? {} : { signal }) });
      } catch (error) {
        signal?.throwIfAborted();
        throw disconnected(error, url.host, doing);
      }
    },
  };
}

function plainHeaders(headers: Dispatcher.ResponseData['headers']): Readonly<Record<string, string>> {
  const plain: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return plain;
}

/** The body; a trickle that would take for ever counts as standing still. Time that the reader takes does not count. */
async function* streamed(
  stream: Readable,
  { url, doing, world, signal, timeouts }: Circumstances,
): AsyncGenerator<Uint8Array> {
  const pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let waited = 0;
  let came = 0;
  try {
    for (;;) {
      const asked = world.now();
      const next = await pieces.next();
      if (next.done) return;
      waited += world.now() - asked;
      came += next.value.length;
      if (waited > timeouts.idle) {
        if (came < timeouts.leastBytes) throw trickle(url, doing, came, waited);
        waited = 0;
        came = 0;
      }
      yield next.value;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw disconnected(error, url.host, doing);
  } finally {
    stream.destroy();
  }
}

function trickle(url: URL, doing: string, came: number, waited: number): Disconnected {
  const seconds = Math.round(waited / 1000);
  return new Disconnected(`${doing}: ${url.host}: only ${came} bytes came in ${seconds} seconds`, {
    isTransient: true,
    isSent: true,
    reason: 'trickle',
  });
}

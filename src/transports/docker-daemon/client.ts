/**
 * The Engine API of Docker, which Podman speaks as well: requests, and what a daemon says when it refuses. Each request has a
 * connection of its own.
 * @module
 */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { type ErrorCode, fromSystem, ImageError, systemCode } from '../../base/errors.ts';
import { collect } from '../../base/stream.ts';
import type { Run } from '../../ports/run.ts';
import { type Endpoint, type Env, findEndpoint } from './endpoint.ts';

export interface Daemon {
  /** For messages: where it is. */
  readonly shown: string;
  /** @param doing for messages: `cannot save redis:7`. @throws ImageError what the daemon answers */
  get(path: string, doing: string, run?: Run): Promise<AsyncIterable<Uint8Array>>;
  /** A request whose body is still to be written; the connection is made for its first piece. */
  post(path: string, doing: string, run?: Run): Posting;
}

/** A body on its way. */
export interface Posting extends AsyncDisposable {
  /** The piece may be used again once this resolves. @throws ImageError as soon as the daemon refuses, or is gone */
  write(piece: Uint8Array): Promise<void>;
  /** Ends the body. @returns the answer. @throws ImageError what the daemon answers */
  finish(): Promise<Uint8Array>;
}

/** The newest API whose answers are known here: an older daemon is spoken to in its own. */
const NEWEST = '1.47';
/** What a daemon says of an error, or of images that it has loaded. */
const ANSWER_LIMIT = 1 << 20;
/** In milliseconds, for the first answer. */
const PING_TIMEOUT = 30_000;

/** @throws ImageError UNAVAILABLE where no daemon answers; DENIED where it may not be spoken to */
export async function connectDaemon(env: Env, run: Run = {}): Promise<Daemon> {
  const endpoint = findEndpoint(env);
  const send = await sender(endpoint);
  const signals = [AbortSignal.timeout(PING_TIMEOUT), ...(run.signal === undefined ? [] : [run.signal])];
  const doing = 'cannot ask it for its version';
  const pong = await answerTo(send('GET', '/_ping', AbortSignal.any(signals)), endpoint, doing, run);
  await collect(pong, ANSWER_LIMIT, `the answer of ${endpoint.shown}`);
  const version = env['DOCKER_API_VERSION'] || negotiated(pong.headers['api-version']);
  const at = (path: string) => (version === undefined ? path : `/v${version}${path}`);
  return {
    shown: endpoint.shown,
    get: async (path, doing, run) => {
      const answer = await answerTo(send('GET', at(path), run?.signal), endpoint, doing, run);
      return unbroken(answer, endpoint, doing, run);
    },
    post: (path, doing, run) => posting(() => send('POST', at(path), run?.signal), endpoint, doing, run),
  };
}

/** Undefined, which is the daemon's newest, where it does not say one. */
function negotiated(offered: string | string[] | undefined): string | undefined {
  if (typeof offered !== 'string' || !/^\d+\.\d+$/.test(offered)) return undefined;
  const [[major = 0, minor = 0], [ours = 0, newest = 0]] = [offered, NEWEST].map((text) =>
    text.split('.').map(Number),
  ) as [number[], number[]];
  return major < ours || (major === ours && minor < newest) ? offered : NEWEST;
}

type Send = (method: 'GET' | 'POST', path: string, signal: AbortSignal | undefined) => ClientRequest;

/** Modules of Node.js that only those load who speak to a daemon. */
async function sender({ address, prefix, tls }: Endpoint): Promise<Send> {
  const { request } = tls === undefined ? await import('node:http') : await import('node:https');
  return (method, path, signal) => {
    const options: RequestOptions = {
      ...address,
      ...tls,
      method,
      path: prefix + path,
      agent: false,
      headers: {
        ...('socketPath' in address ? { host: 'docker' } : {}),
        ...(method === 'POST' ? { 'content-type': 'application/x-tar' } : {}),
      },
      ...(signal === undefined ? {} : { signal }),
    };
    return request(options);
  };
}

async function answerTo(request: ClientRequest, at: Endpoint, doing: string, run?: Run): Promise<IncomingMessage> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', (error) => reject(unreachable(error, at, doing, run)));
    request.end();
  });
  await refuseFailure(answer, at, doing);
  return answer;
}

async function refuseFailure(answer: IncomingMessage, at: Endpoint, doing: string): Promise<void> {
  const { statusCode: status = 0 } = answer;
  if (status >= 200 && status < 300) return;
  const said = messageOf(await collect(whatCame(answer), ANSWER_LIMIT, `the answer of ${at.shown}`));
  throw failure(status, `${doing}: the daemon at ${at.shown} says: ${said || `status ${status}`}`, said);
}

/** A refusal in the middle of a body may lose the connection before it is told to the end. */
async function* whatCame(answer: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* answer;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

/** `{"message": …}`; whatever it is otherwise. */
function messageOf(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes).trim().slice(0, 2000);
  const [, quoted] = /"message"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(text) ?? [];
  if (quoted === undefined) return text;
  try {
    return String(JSON.parse(quoted));
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

const STATUS: Readonly<Record<number, ErrorCode>> = { 401: 'DENIED', 403: 'DENIED', 404: 'NOT_FOUND', 409: 'CONFLICT' };

function failure(status: number, message: string, said: string): ImageError {
  if (/HTTP request to an HTTPS server/.test(said)) {
    return new ImageError('DENIED', message, { hint: 'set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH' });
  }
  // Podman says 500 of an image that it does not have.
  const isUnknown = /image not known|no such image/i.test(said);
  const code = isUnknown ? 'NOT_FOUND' : (STATUS[status] ?? (status >= 500 ? 'IO' : 'INVALID'));
  return new ImageError(code, message, code === 'NOT_FOUND' ? { hint: '"docker images" lists what it has' } : {});
}

const START =
  'start it (systemctl start docker), or say where it is: DOCKER_HOST; without one, use docker-archive:FILE';
const GROUP = 'become a member of the group docker (sudo usermod -aG docker $USER, then log in again), or be root';

/** What went wrong with a connection that has brought no answer. */
function unreachable(error: unknown, { shown }: Endpoint, doing: string, run?: Run): unknown {
  if (run?.signal?.aborted) return run.signal.reason;
  if (error instanceof Error && error.name === 'AbortError') {
    return new ImageError('UNAVAILABLE', `the Docker daemon at ${shown} does not answer`, { hint: START });
  }
  const code = systemCode(error);
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return new ImageError('DENIED', `the Docker daemon at ${shown} may not be spoken to`, {
        hint: GROUP,
        cause: error,
      });
    case 'ECONNRESET':
    case 'EPIPE':
      return new ImageError('IO', `${doing}: the daemon at ${shown} has closed the connection`, {
        hint: 'its log says why (journalctl -u docker)',
        cause: error,
      });
    default: {
      const why = error instanceof Error ? error.message : String(error);
      return new ImageError('UNAVAILABLE', `there is no Docker daemon at ${shown}: ${why}`, {
        hint: START,
        cause: error,
      });
    }
  }
}

/** The body, and a typed error where it breaks off. */
async function* unbroken(
  answer: IncomingMessage,
  { shown }: Endpoint,
  doing: string,
  run: Run | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    yield* answer;
  } catch (error) {
    run?.signal?.throwIfAborted();
    throw fromSystem(error, `${doing}: the daemon at ${shown} has closed the connection`);
  }
}

function posting(send: () => ClientRequest, at: Endpoint, doing: string, run?: Run): Posting {
  let request: ClientRequest | undefined;
  let answer: IncomingMessage | undefined;
  let broken: unknown;
  /** Wakes whoever waits: a request that is destroyed may never call back. */
  let wake: () => void = () => undefined;
  const start = () => {
    const started = send();
    started.once('response', (message) => {
      answer = message;
      wake();
    });
    started.on('error', (error) => {
      broken ??= error;
      wake();
    });
    return started;
  };
  const check = async () => {
    if (answer !== undefined) await refuseFailure(answer, at, doing);
    else if (broken !== undefined) throw unreachable(broken, at, doing, run);
  };
  return {
    write: async (piece) => {
      request ??= start();
      const writing = request;
      await new Promise<void>((resolve) => {
        wake = resolve;
        writing.write(piece, () => resolve());
      });
      await check();
    },
    finish: async () => {
      request ??= start();
      request.end();
      if (answer === undefined && broken === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      await check();
      if (answer === undefined) throw new Error('bug: neither an answer nor an error');
      return await collect(unbroken(answer, at, doing, run), ANSWER_LIMIT, `the answer of ${at.shown}`);
    },
    [Symbol.asyncDispose]: async () => void request?.destroy(),
  };
}

/**
 * HTTP as the test registry speaks it: a handler makes whole answers, and this puts them on the wire; wrongly, where that
 * is asked for.
 * @module
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Answer, type HangUp, transmit } from './wire.ts';

/** One request and what became of it: what the tests look at. */
export interface Seen {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Common name of the client's certificate, where it showed one. */
  readonly client: string | undefined;
  /** 0 until it is answered, and where it never was. */
  status: number;
  /** Bytes of the body, received and handed to the system for sending. */
  received: number;
  sent: number;
}

export interface Question {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  /** Counted, and to be read once. */
  readonly body: AsyncIterable<Buffer>;
  /** Ends the connection without an answer. */
  hangUp(how: HangUp): void;
}

export type Handle = (question: Question) => Promise<Answer>;

export interface Certificates {
  readonly key: string;
  readonly cert: string;
  /** Whose client certificates are asked for; a client without one is refused, unless that is optional. */
  readonly clientCa?: string;
  readonly clientIsOptional?: boolean;
}

export interface Listener extends AsyncDisposable {
  /** `http://127.0.0.1:1234` */
  readonly origin: string;
  /** `127.0.0.1:1234` */
  readonly host: string;
  /** In order of arrival. */
  readonly seen: Seen[];
}

export interface ListenOptions {
  readonly tls?: Certificates;
  /** The address to listen on, and the name to go by; default 127.0.0.1 for both. */
  readonly address?: string;
  readonly name?: string;
}

export async function listen(handle: Handle, options: ListenOptions = {}): Promise<Listener> {
  const seen: Seen[] = [];
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const record = recordOf(request);
    seen.push(record);
    serve(handle, request, response, record).catch(() => request.socket.destroy());
  };
  const server = options.tls === undefined ? createServer(onRequest) : secured(options.tls, onRequest);
  const address = options.address ?? '127.0.0.1';
  server.listen(0, address);
  await once(server, 'listening');
  const host = `${options.name ?? address}:${(server.address() as AddressInfo).port}`;
  return {
    origin: `${options.tls === undefined ? 'http' : 'https'}://${host}`,
    host,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function secured(
  { key, cert, clientCa, clientIsOptional = false }: Certificates,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
) {
  const clients =
    clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: !clientIsOptional };
  return createSecureServer({ key, cert, ...clients }, onRequest);
}

function recordOf(request: IncomingMessage): Seen {
  const socket = request.socket as Partial<TLSSocket>;
  const subject = socket.getPeerCertificate?.().subject;
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    headers: request.headers,
    client: subject?.CN as string | undefined,
    status: 0,
    received: 0,
    sent: 0,
  };
}

async function serve(handle: Handle, request: IncomingMessage, response: ServerResponse, seen: Seen): Promise<void> {
  const { socket } = request;
  let isHungUp = false;
  const question: Question = {
    method: seen.method,
    url: new URL(seen.target, `http://${request.headers.host ?? 'unknown'}`),
    headers: request.headers,
    body: counted(request, seen),
    hangUp: (how) => {
      isHungUp = true;
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    },
  };
  let answer: Answer;
  try {
    answer = await handle(question);
  } catch (error) {
    if (isHungUp || socket.destroyed) return;
    answer = { status: 500, body: Buffer.from(String(error)) };
  }
  if (isHungUp || socket.destroyed) return;
  seen.status = answer.status;
  await transmit(answer, { request, response, onSent: (bytes) => (seen.sent += bytes) });
}

async function* counted(request: IncomingMessage, seen: Seen): AsyncGenerator<Buffer> {
  for await (const piece of request) {
    seen.received += piece.length;
    yield piece;
  }
}

/** Sending an answer, and the ways of sending it wrongly. @module */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** `reset`: at once, with RST; `end`: what was written still arrives. */
export type HangUp = 'reset' | 'end';

/** Where an answer breaks off: the classes of byte boundaries that a client treats differently. */
export const CUT_PLACES = [
  'nothing',
  'in-head',
  'after-head',
  'first-byte',
  'middle',
  'last-byte',
  'before-end',
] as const;
export type CutPlace = (typeof CUT_PLACES)[number];

/** How an answer differs on the wire from what it says. */
export interface Wire {
  /** The body in chunks of this size, without a Content-Length. */
  readonly chunk?: number;
  /** The Content-Length to state. */
  readonly length?: number;
  /** `at`, from 0 to 1, chooses among the bytes of the place. */
  readonly cut?: { readonly place: CutPlace; readonly at: number; readonly how: HangUp };
  readonly drip?: { readonly bytes: number; readonly everyMs: number };
  /** The body is repeated until the client hangs up, at most {@link ENDLESS} bytes. */
  readonly endless?: true;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Absent: as it should be. */
  readonly wire?: Wire;
}

/** Nobody waits for an end that does not come, and a client that takes this much has no bound. */
export const ENDLESS = 64 << 20;
const PIECE = 16_384;

interface Line {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Bytes of the body that the system took. */
  readonly onSent: (bytes: number) => void;
}

export async function transmit(answer: Answer, line: Line): Promise<void> {
  if (answer.wire === undefined) return proper(answer, line);
  const raw = new RawLine(line.request.socket, line.onSent);
  const { head, body } = serialize(answer, line.request.method === 'HEAD');
  const { cut, drip, endless } = answer.wire;
  if (cut !== undefined) return raw.cut(head, body, cut);
  await raw.write(head, false);
  if (drip !== undefined) await raw.drip(body, drip);
  else await raw.write(body, true);
  const more = endless ? repeated(body) : body;
  while (endless && raw.isOpen && raw.sent < ENDLESS) await raw.write(more, true);
  raw.end();
}

/** As much as goes in one piece. */
function repeated(body: Uint8Array): Uint8Array {
  if (body.length === 0) return Buffer.alloc(PIECE);
  return Buffer.concat(Array.from({ length: Math.ceil(PIECE / body.length) }, () => body));
}

async function proper({ status, headers, body }: Answer, { request, response, onSent }: Line): Promise<void> {
  response.writeHead(status, { 'Content-Length': body?.length ?? 0, ...headers });
  if (request.method === 'HEAD' || body === undefined) {
    response.end();
    return;
  }
  for (let at = 0; at < body.length && !response.destroyed; at += PIECE) {
    const piece = body.subarray(at, at + PIECE);
    await new Promise<void>((resolve) => response.write(piece, () => resolve()));
    onSent(piece.length);
  }
  response.end();
}

/** The bytes of an HTTP/1.1 answer (RFC 9112), framed as the wire is told. */
function serialize({ status, headers, body = Buffer.alloc(0), wire }: Answer, isHead: boolean) {
  const { 'Content-Length': own = String(body.length), ...rest } = headers ?? {};
  const fields: Record<string, string> = { ...rest, Connection: 'close' };
  if (wire?.chunk !== undefined) fields['Transfer-Encoding'] = 'chunked';
  else if (!wire?.endless) fields['Content-Length'] = wire?.length === undefined ? own : String(wire.length);
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Odd'}\r\n${lines.join('')}\r\n`, 'latin1');
  if (isHead) return { head, body: Buffer.alloc(0) };
  return {
    head,
    body:
      wire?.chunk === undefined ? body : chunked(body, wire.chunk, !wire.endless && wire.cut?.place !== 'before-end'),
  };
}

function chunked(body: Uint8Array, size: number, isWhole: boolean): Buffer {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += size) {
    const piece = body.subarray(at, at + size);
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  if (isWhole) parts.push(Buffer.from('0\r\n\r\n'));
  return Buffer.concat(parts);
}

/** The connection itself, below HTTP. */
class RawLine {
  sent = 0;
  readonly #socket: Socket;
  readonly #onSent: (bytes: number) => void;
  readonly #closed: Promise<void>;

  constructor(socket: Socket, onSent: (bytes: number) => void) {
    this.#socket = socket;
    this.#onSent = onSent;
    socket.on('error', () => socket.destroy()); // the client may leave at any time
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  async write(bytes: Uint8Array, isBody: boolean): Promise<void> {
    for (let at = 0; at < bytes.length && this.isOpen; at += PIECE) {
      const piece = bytes.subarray(at, at + PIECE);
      const taken = new Promise<void>((resolve) => this.#socket.write(piece, () => resolve()));
      await Promise.race([taken, this.#closed]);
      if (!isBody) continue;
      this.sent += piece.length;
      this.#onSent(piece.length);
    }
  }

  async drip(bytes: Uint8Array, { bytes: size, everyMs }: { bytes: number; everyMs: number }): Promise<void> {
    for (let at = 0; at < bytes.length && this.isOpen; at += size) {
      await this.write(bytes.subarray(at, at + size), true);
      await sleep(everyMs);
    }
  }

  async cut(head: Buffer, body: Uint8Array, { place, at, how }: NonNullable<Wire['cut']>): Promise<void> {
    const end = cutOffset(place, at, head.length, body.length);
    await this.write(head.subarray(0, end), false);
    await this.write(body.subarray(0, Math.max(end - head.length, 0)), true);
    // A reset overtakes what still lies in buffers; that the client has read it is what the boundary is about.
    if (how === 'reset') await sleep(1);
    if (how === 'reset') this.#socket.resetAndDestroy();
    else this.end();
  }

  end(): void {
    this.#socket.end(() => this.#socket.destroy());
  }
}

function cutOffset(place: CutPlace, at: number, head: number, body: number): number {
  switch (place) {
    case 'nothing':
      return 0;
    case 'in-head':
      return 1 + Math.floor(at * (head - 1));
    case 'after-head':
      return head;
    case 'first-byte':
      return head + Math.min(1, body);
    case 'middle':
      return head + Math.floor(at * body);
    case 'last-byte':
      return head + Math.max(body - 1, 0);
    case 'before-end':
      return head + body;
  }
}

/** The client against servers that answer as a test wants it, on loopback. */
import { createServer as createPlainServer, type IncomingMessage } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type TestAccess, testAccess, testWorld } from '../../../test/registry/access.ts';
import { certificateAuthority } from '../../../test/registry/certificates.ts';
import { type Handle, type ListenOptions, listen, type Question } from '../../../test/registry/http.ts';
import { pieces } from '../../base/stream.ts';
import type { Progress } from '../../ports/run.ts';
import { openRegistryClient } from './client.ts';
import type { RegistryRequest } from './types.ts';

type Reply = { status: number; headers?: Record<string, string>; body?: Buffer };

const GET: RegistryRequest = {
  method: 'GET',
  target: '/v2/a/b/manifests/x',
  scopes: [{ repository: 'a/b', actions: ['pull'] }],
  expect: [200],
  doing: 'reading x',
};

async function bodyOf(question: Question): Promise<string> {
  const all: Buffer[] = [];
  for await (const piece of question.body) all.push(piece);
  return Buffer.concat(all).toString();
}

/** A registry whose ping says yes, and whose other answers are the test's. */
async function serverOf(
  answer: (question: Question, n: number) => Reply | Promise<Reply>,
  options: ListenOptions = {},
) {
  let n = 0;
  const handle: Handle = async (question) => {
    if (question.url.pathname === '/v2/') return { status: 200 };
    return { headers: {}, ...(await answer(question, n++)) };
  };
  return await listen(handle, options);
}

interface Told {
  readonly progress: Progress[];
  readonly slept: number;
}

async function ask(host: string, request: Partial<RegistryRequest> = {}, access: TestAccess = {}) {
  const world = testWorld();
  const progress: Progress[] = [];
  await using client = openRegistryClient({ host, insecure: false }, testAccess({ world, ...access }));
  const told = (): Told => ({ progress, slept: world.slept() });
  try {
    const response = await client.request({ ...GET, ...request }, { report: (one) => progress.push(one) });
    const body = Buffer.from(await response.bytes(1 << 20)).toString();
    return { status: response.status, body, error: undefined, ...told() };
  } catch (error) {
    return { status: 0, body: '', error: error as Error & { code: string; hint?: string }, ...told() };
  }
}

describe('trying again', () => {
  test.each([408, 429, 500, 502, 503, 504])('after %d, with a pause that grows', async (status) => {
    await using server = await serverOf((_, n) => (n < 3 ? { status } : { status: 200, body: Buffer.from('at last') }));
    const asked = await ask(server.host);
    expect(asked).toMatchObject({ status: 200, body: 'at last' });
    expect(asked.slept).toBeGreaterThanOrEqual(250 + 500 + 1000);
    expect(asked.slept).toBeLessThan(500 + 1000 + 2000);
  });

  test.each([400, 401, 403, 404, 405, 406, 409, 410, 413, 416, 418, 501])('never after %d', async (status) => {
    await using server = await serverOf(() => ({ status }));
    const asked = await ask(server.host);
    expect(asked.error).toMatchObject({ message: expect.stringContaining(`answers ${status}`) });
    expect(server.seen.length).toBe(2);
    expect(asked.slept).toBe(0);
  });

  test('to an end', async () => {
    await using server = await serverOf(() => ({
      status: 503,
      body: Buffer.from('{"errors":[{"code":"UNAVAILABLE"}]}'),
    }));
    const asked = await ask(server.host);
    expect(asked.error).toMatchObject({ code: 'IO', message: expect.stringMatching(/answers 503: UNAVAILABLE$/) });
    expect(server.seen.length).toBe(1 + 6);
  });

  test('as late as Retry-After asks for, unless that is too late', async () => {
    await using server = await serverOf((_, n) =>
      n === 0 ? { status: 429, headers: { 'Retry-After': '90' } } : { status: 200 },
    );
    const asked = await ask(server.host);
    expect(asked).toMatchObject({ status: 200, slept: 90_000 });
    expect(asked.progress).toContainEqual(expect.objectContaining({ text: expect.stringContaining('again in 90 s') }));
    const limits = { 'RateLimit-Limit': '100;w=21600', 'RateLimit-Remaining': '0;w=21600', 'Retry-After': '3600' };
    await using strict = await serverOf(() => ({ status: 429, headers: limits }));
    const refused = await ask(strict.host);
    expect(refused.error).toMatchObject({
      code: 'LIMIT',
      message: expect.stringContaining('0 of 100 requests in 6 hours are left'),
    });
    expect(refused.slept).toBe(0);
    expect(refused.progress).toContainEqual({
      type: 'warning',
      text: `${strict.host}: 0 of 100 requests in 6 hours are left`,
    });
  });

  test('what is not idempotent only where it was not done', async () => {
    await using failing = await serverOf(() => ({ status: 500 }));
    expect((await ask(failing.host, { method: 'POST' })).error).toMatchObject({ code: 'IO' });
    expect(failing.seen.length).toBe(2);
    await using busy = await serverOf(async (question, n) => {
      return n === 0 ? { status: 503 } : { status: 200, body: Buffer.from(await bodyOf(question)) };
    });
    expect(await ask(busy.host, { method: 'POST', body: Buffer.from('x') })).toMatchObject({ status: 200, body: 'x' });
    expect(busy.seen.length).toBe(3);
  });

  test('a stream, which can be sent once only, never', async () => {
    await using server = await serverOf(async (question) => ({
      status: (await bodyOf(question)) === 'abc' ? 503 : 400,
    }));
    const body = pieces(Buffer.from('ab'), Buffer.from('c'));
    expect((await ask(server.host, { method: 'PUT', body, contentLength: 3 })).error).toMatchObject({ code: 'IO' });
    expect(server.seen.length).toBe(2);
    const again = () => pieces(Buffer.from('abc'));
    await ask(server.host, { method: 'PUT', body: again, contentLength: 3 });
    expect(server.seen.length).toBe(2 + 1 + 6);
  });

  test('ends at once where the run is aborted', async () => {
    await using server = await serverOf(() => ({ status: 503 }));
    const abort = new AbortController();
    const world = { ...testWorld(), sleep: async () => abort.abort(new Error('enough')) };
    await using client = openRegistryClient({ host: server.host, insecure: false }, testAccess({ world }));
    await expect(client.request(GET, { signal: abort.signal })).rejects.toThrow('enough');
    expect(server.seen.length).toBe(2);
  });
});

describe("a registry's own words", () => {
  const answered = async (status: number, body: string, type = 'application/json') => {
    await using server = await serverOf(() => ({ status, headers: { 'Content-Type': type }, body: Buffer.from(body) }));
    return (await ask(server.host)).error;
  };

  test('code, message and detail, and what to do', async () => {
    const errors = [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown', detail: { Tag: 'x' } }, { code: 'OTHER' }];
    expect(await answered(404, JSON.stringify({ errors }))).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(
        /^reading x: 127.0.0.1:\d+ answers 404: MANIFEST_UNKNOWN: manifest unknown \({"Tag":"x"}\); OTHER$/,
      ),
      hint: expect.stringContaining('pare tags'),
    });
    expect(await answered(401, '{}')).toMatchObject({ code: 'DENIED', hint: expect.stringMatching(/"pare login 127/) });
    expect(await answered(403, '{}')).toMatchObject({ code: 'DENIED', hint: expect.stringMatching(/your account/) });
  });

  test('nothing that moves the cursor, and not without end', async () => {
    const message = `\u001b[2J\n${'x'.repeat(5000)}`;
    const error = await answered(400, JSON.stringify({ errors: [{ code: 'A', message }] }));
    expect(error?.message).toMatch(/^[\x20-\x7e…]*$/);
    expect(error?.message.length).toBeLessThan(500);
    expect((await answered(400, 'plain words', 'text/plain'))?.message).toMatch(/400: plain words$/);
    expect((await answered(400, '<html>nginx</html>', 'text/html'))?.message).toMatch(/answers 400$/);
  });
});

describe('redirects', () => {
  test('in a circle', async () => {
    await using server = await serverOf((question) => ({ status: 307, headers: { Location: question.url.pathname } }));
    expect((await ask(server.host)).error).toMatchObject({
      code: 'INVALID',
      message: expect.stringMatching(/more than 10 times/),
    });
    expect(server.seen.length).toBe(1 + 11);
  });

  test.each(['', 'ftp://elsewhere/', 'http://[', 'file:///etc/passwd'])('to "%s"', async (location) => {
    await using server = await serverOf(() => ({ status: 302, headers: { Location: location } }));
    expect((await ask(server.host)).error).toMatchObject({ code: 'INVALID' });
  });

  test('of a request with a body, which keep the method', async () => {
    await using server = await serverOf(async (question, n) => {
      if (n === 0) return { status: 307, headers: { Location: '/elsewhere' } };
      return { status: 200, body: Buffer.from(`${question.method} ${await bodyOf(question)}`) };
    });
    expect(await ask(server.host, { method: 'PUT', body: Buffer.from('abc') })).toMatchObject({ body: 'PUT abc' });
    await using changing = await serverOf(() => ({ status: 302, headers: { Location: '/elsewhere' } }));
    expect((await ask(changing.host, { method: 'PUT', body: Buffer.from('abc') })).error).toMatchObject({
      code: 'INVALID',
    });
  });

  test('a refusal of the other host is not taken for one of the registry', async () => {
    await using storage = await serverOf(() => ({ status: 403, body: Buffer.from('<Error>expired</Error>') }));
    await using server = await serverOf(() => ({
      status: 307,
      headers: { Location: `${storage.origin}/x?signature=s` },
    }));
    const { error } = await ask(server.host);
    expect(error?.message).toMatch(new RegExp(`${storage.host} \\(${server.host} redirects there\\) answers 403$`));
    expect(error?.hint).toBeUndefined();
  });
});

describe('servers that keep one waiting', () => {
  const timeouts = { connect: 1000, answer: 1000, idle: 1000, leastBytes: 1000 };

  /** Speaks HTTP by itself, byte by byte. */
  async function raw(serve: (socket: Socket, request: string) => void) {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        const text = bytes.toString();
        if (text.startsWith('GET /v2/ ')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        else serve(socket, text);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    return {
      host: `127.0.0.1:${port}`,
      [Symbol.asyncDispose]: async () => {
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  async function read(host: string, limit = 1 << 20): Promise<unknown> {
    const world = { ...testWorld(), now: Date.now };
    await using client = openRegistryClient({ host, insecure: false }, testAccess({ world }), { timeouts });
    try {
      const response = await client.request(GET);
      return await response.bytes(limit);
    } catch (error) {
      return error;
    }
  }

  test('a body that stops, one that trickles, one that never ends', async () => {
    await using stopping = await raw((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'));
    await using trickling = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n');
      const timer = setInterval(() => socket.write('x'), 100);
      socket.on('close', () => clearInterval(timer));
    });
    await using endless = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
      };
      socket.on('drain', more);
      more();
    });
    const [stopped, trickled, ended] = await Promise.all([
      read(stopping.host),
      read(trickling.host),
      read(endless.host),
    ]);
    expect(stopped).toMatchObject({ code: 'IO', message: expect.stringMatching(/stands still/) });
    expect(trickled).toMatchObject({ code: 'IO', message: expect.stringMatching(/only \d+ bytes came in 1 seconds/) });
    expect(ended).toMatchObject({ code: 'LIMIT' });
  });

  test('what is no HTTP', async () => {
    await using server = await raw((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
    expect(await read(server.host)).toMatchObject({ code: 'IO', message: expect.stringMatching(/is not HTTP/) });
  });
});

describe('finding the registry', () => {
  test('something else that answers', async () => {
    await using server = await listen(async () => ({ status: 404, body: Buffer.from('not here') }));
    expect((await ask(server.host)).error).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/is no registry: it answers, and http:\/\/.*\/v2\/ is not there$/),
    });
  });

  test('nobody there: said at once', async () => {
    const asked = await ask('127.0.0.1:1');
    expect(asked.error).toMatchObject({ code: 'IO', message: expect.stringMatching(/nothing listens there/) });
    expect(asked.slept).toBe(0);
  });

  test('TLS on loopback, with the authority that is configured, without it, and not at all', async () => {
    const authority = certificateAuthority('ours');
    const { cert, key } = authority.server('127.0.0.1');
    await using server = await serverOf(() => ({ status: 200, body: Buffer.from('safe') }), { tls: { cert, key } });
    const { host } = server;
    expect(await ask(host, {}, { hosts: { [host]: { ca: [authority.cert] } } })).toMatchObject({ body: 'safe' });
    expect((await ask(host)).error).toMatchObject({ code: 'IO', hint: expect.stringMatching(/certs\.d.*--insecure/) });
    expect(await ask(host, {}, { insecure: true })).toMatchObject({ body: 'safe' });
  });
});

describe('proxies', () => {
  interface Proxy extends AsyncDisposable {
    readonly url: string;
    readonly asked: string[];
  }

  /** Takes whatever host is asked for to be the server. */
  async function proxyTo(host: string): Promise<Proxy> {
    const asked: string[] = [];
    const [, port] = host.split(':');
    const note = (request: IncomingMessage) =>
      asked.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    const server = createPlainServer((request, response) => {
      note(request);
      void fetch(`http://${host}${new URL(request.url ?? '').pathname}`).then(async (answer) =>
        response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer())),
      );
    });
    server.on('connect', (request: IncomingMessage, socket: Socket) => {
      note(request);
      const through = connect(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        through.pipe(socket).pipe(through);
      });
      for (const one of [socket, through]) one.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port: own } = server.address() as { port: number };
    return {
      url: `http://user:pa%20ss@127.0.0.1:${own}`,
      asked,
      [Symbol.asyncDispose]: async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  const LOGIN = `Basic ${Buffer.from('user:pa ss').toString('base64')}`;

  test('of TLS see where to, and nothing else', async () => {
    const authority = certificateAuthority('ours');
    const { cert, key } = authority.server('registry.example');
    await using server = await serverOf(() => ({ status: 200, body: Buffer.from('far') }), { tls: { cert, key } });
    await using proxy = await proxyTo(server.host);
    const hosts = { 'registry.example': { ca: [authority.cert] } };
    const asked = await ask('registry.example', {}, { hosts, env: { HTTPS_PROXY: proxy.url } });
    expect(asked).toMatchObject({ body: 'far' });
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT registry.example:443 ${LOGIN}`]));
    expect(server.seen.map(({ headers }) => headers['proxy-authorization'])).toEqual([undefined, undefined]);
  });

  test('of plain HTTP are asked for the whole address', async () => {
    await using server = await serverOf(() => ({ status: 200, body: Buffer.from('far') }));
    await using proxy = await proxyTo(server.host);
    const env = { HTTP_PROXY: proxy.url, HTTPS_PROXY: 'http://127.0.0.1:1' };
    expect(await ask('registry.example', {}, { insecure: true, env })).toMatchObject({ body: 'far' });
    expect(proxy.asked).toContain(`GET http://registry.example/v2/a/b/manifests/x ${LOGIN}`);
  });
});

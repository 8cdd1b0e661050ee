/** Against a daemon of the test's own that answers what a test wants; the real ones are in test/e2e/daemon. */
import { mkdtempDisposable } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { collect } from '../../base/stream.ts';
import { parseReference } from '../../formats/reference/parse.ts';
import { connectDaemon } from './client.ts';
import { loadIntoDaemon } from './load.ts';

interface FakeDaemon extends AsyncDisposable {
  readonly env: { readonly DOCKER_HOST: string };
  /** Method and path, in order. */
  readonly asked: string[];
}

/** Answers a ping as a daemon of that API; all else is the test's. */
async function fakeDaemon(answer: RequestListener, version = '1.41'): Promise<FakeDaemon> {
  const dir = await mkdtempDisposable(`${tmpdir()}/pare-fake-`);
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url !== '/_ping') answer(request, response);
    else response.writeHead(200, version === '' ? {} : { 'api-version': version }).end('OK');
  });
  await new Promise<void>((resolve) => server.listen(`${dir.path}/sock`, resolve));
  return {
    env: { DOCKER_HOST: `unix://${dir.path}/sock` },
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await dir[Symbol.asyncDispose]();
    },
  };
}

const json = (status: number, value: unknown): RequestListener => {
  return (_request, response) => void response.writeHead(status).end(JSON.stringify(value));
};

async function drained(request: IncomingMessage): Promise<number> {
  let size = 0;
  for await (const piece of request) size += piece.length;
  return size;
}

describe('the version of the API', () => {
  test.each([
    ['1.24', '/v1.24/x'],
    ['1.9', '/v1.9/x'],
    ['1.47', '/v1.47/x'],
    ['1.50', '/v1.47/x'],
    ['2.0', '/v1.47/x'],
    ['', '/x'],
    ['new', '/x'],
  ])('%s', async (offered, path) => {
    await using daemon = await fakeDaemon(json(200, {}), offered);
    await collect(await (await connectDaemon(daemon.env)).get('/x', 'trying'), 100, 'it');
    expect(daemon.asked).toEqual(['GET /_ping', `GET ${path}`]);
  });

  test('is the one that is asked for', async () => {
    await using daemon = await fakeDaemon(json(200, {}));
    const env = { ...daemon.env, DOCKER_API_VERSION: '1.30' };
    await collect(await (await connectDaemon(env)).get('/x', 'trying'), 100, 'it');
    expect(daemon.asked.at(-1)).toBe('GET /v1.30/x');
  });
});

describe('what a daemon refuses', () => {
  test.each([
    [404, { message: 'No such image: x' }, 'NOT_FOUND', /says: No such image: x$/],
    [403, { message: 'not you' }, 'DENIED', /not you/],
    [409, { message: 'in use' }, 'CONFLICT', /in use/],
    [400, { message: 'odd' }, 'INVALID', /odd/],
    [500, { cause: 'c', message: 'x: image not known', response: 500 }, 'NOT_FOUND', /image not known/],
    [500, { message: 'no space' }, 'IO', /no space/],
    [500, 'no object', 'IO', /no object/],
  ])('%d', async (status, body, code, message) => {
    await using daemon = await fakeDaemon(json(status, body));
    const asking = (await connectDaemon(daemon.env)).get('/x', 'cannot save x');
    await expect(asking).rejects.toMatchObject({ code, message });
  });

  test('TLS is wanted', async () => {
    await using daemon = await fakeDaemon((_request, response) => {
      response.writeHead(400).end('Client sent an HTTP request to an HTTPS server.\n');
    });
    const asking = (await connectDaemon(daemon.env)).get('/x', 'trying');
    await expect(asking).rejects.toMatchObject({ code: 'DENIED', hint: /DOCKER_TLS_VERIFY/ });
  });

  test('an answer without end', async () => {
    await using daemon = await fakeDaemon((_request, response) => {
      response.writeHead(500);
      const more = () => void response.write(Buffer.alloc(1 << 18), more);
      more();
    });
    const asking = (await connectDaemon(daemon.env)).get('/x', 'trying');
    await expect(asking).rejects.toMatchObject({ code: 'LIMIT' });
  });
});

test('an answer that breaks off', async () => {
  await using daemon = await fakeDaemon((_request, response) => {
    response.writeHead(200).write('some', () => response.destroy());
  });
  const body = await (await connectDaemon(daemon.env)).get('/x', 'cannot save x');
  await expect(collect(body, 100, 'it')).rejects.toMatchObject({ code: 'IO', message: /cannot save x/ });
});

test('no daemon', async () => {
  await expect(connectDaemon({ DOCKER_HOST: 'unix:///nowhere/docker.sock' })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: /unix:\/\/\/nowhere\/docker.sock/,
    hint: /DOCKER_HOST/,
  });
});

test('stopped while waiting', async () => {
  await using daemon = await fakeDaemon(() => undefined);
  const signal = AbortSignal.timeout(50);
  const asking = (await connectDaemon(daemon.env)).get('/x', 'trying', { signal });
  await expect(asking).rejects.toMatchObject({ name: 'TimeoutError' });
});

describe('loading', () => {
  async function load(env: FakeDaemon['env'], megabytes: number): Promise<void> {
    const reference = parseReference('docker-daemon:me/app');
    if (reference.kind !== 'docker-daemon') throw new Error('unreachable');
    const { writer } = await loadIntoDaemon(reference, env);
    await using _ = writer;
    const piece = Buffer.alloc(1 << 20, 'x');
    await writer.add('layer.tar', megabytes << 20, repeat(piece, megabytes));
    await writer.finish();
  }

  async function* repeat(piece: Uint8Array, times: number): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < times; i++) yield piece;
  }

  test('sends all of it', async () => {
    let received = 0;
    await using daemon = await fakeDaemon(async (request, response) => {
      received = await drained(request);
      response.writeHead(200).end('{"stream":"Loaded image: me/app:latest\\n"}\n');
    });
    await load(daemon.env, 3);
    expect(daemon.asked).toEqual(['GET /_ping', 'POST /v1.41/images/load?quiet=1']);
    expect(received).toBe((3 << 20) + 512 + 1024);
  });

  test('an error after the status', async () => {
    await using daemon = await fakeDaemon(async (request, response) => {
      await drained(request);
      response.writeHead(200).end('{"stream":"x"}\r\n{"errorDetail":{"message":"no space"},"error":"no space"}\r\n');
    });
    await expect(load(daemon.env, 1)).rejects.toMatchObject({ code: 'IO', message: /no space$/ });
  });

  test('refused before all has been sent', async () => {
    await using daemon = await fakeDaemon((_request, response) => {
      response.writeHead(403).end('{"message":"authorization denied"}');
    });
    await expect(load(daemon.env, 200)).rejects.toMatchObject({ code: 'DENIED', message: /authorization denied/ });
  });

  test('refused, and the connection lost while that is told', async () => {
    await using daemon = await fakeDaemon((_request, response) => {
      response.writeHead(403, { 'content-length': 1000 });
      response.write('{"message":"authorization denied"', () => response.destroy());
    });
    await expect(load(daemon.env, 200)).rejects.toMatchObject({
      code: 'DENIED',
      message: /says: authorization denied$/,
    });
  });

  test('an answer that breaks off', async () => {
    await using daemon = await fakeDaemon(async (request, response) => {
      await drained(request);
      response.writeHead(200).write('{"stream":"x"}\n', () => response.destroy());
    });
    await expect(load(daemon.env, 1)).rejects.toMatchObject({ code: 'IO', message: /closed the connection/ });
  });

  test('a connection that is lost', async () => {
    await using daemon = await fakeDaemon((request) => {
      request.once('data', () => request.destroy());
    });
    await expect(load(daemon.env, 200)).rejects.toMatchObject({ code: 'IO', message: /closed the connection/ });
  });

  test.each(['docker-daemon:x@', 'docker-daemon:'])('not under a digest: %s…', async (start) => {
    const reference = parseReference(`${start}sha256:${'a'.repeat(64)}`);
    if (reference.kind !== 'docker-daemon') throw new Error('unreachable');
    await expect(loadIntoDaemon(reference, {})).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('nothing is asked for where nothing is written', async () => {
    await using daemon = await fakeDaemon(json(500, {}));
    const reference = parseReference('docker-daemon:x');
    if (reference.kind !== 'docker-daemon') throw new Error('unreachable');
    {
      const { writer } = await loadIntoDaemon(reference, daemon.env);
      await writer[Symbol.asyncDispose]();
    }
    expect(daemon.asked).toEqual(['GET /_ping']);
  });
});

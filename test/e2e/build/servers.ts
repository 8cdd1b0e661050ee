/** Servers of the test's own on loopback: files over HTTP as real ones send them, and git repositories by git's own program. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Server extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function listen(handler: Handler): Promise<Server> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface ServedFile {
  bytes: Uint8Array | string;
  /** Whether there is an ETag; a weak one promises little. Default strong. */
  etag?: 'strong' | 'weak' | 'none';
  /** HTTP-date */
  lastModified?: string;
  /** `NAME:PASSWORD` of basic authentication. */
  user?: string;
  /** Bytes after which the connection is cut. */
  cut?: number;
}

export interface FileServer extends Server {
  /** By path; may change at any time. */
  readonly files: Map<string, ServedFile>;
  /** `PATH STATUS` of each answer. */
  readonly answers: string[];
}

export async function serveFiles(): Promise<FileServer> {
  const files = new Map<string, ServedFile>();
  const answers: string[] = [];
  const server = await listen((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '');
    const status = answer(files.get(path), request, response);
    answers.push(`${path} ${status}`);
  });
  return { ...server, files, answers };
}

function answer(file: ServedFile | undefined, request: IncomingMessage, response: ServerResponse): number {
  const end = (status: number, headers: Readonly<Record<string, string>> = {}, body?: Uint8Array): number => {
    response.writeHead(status, headers).end(body);
    return status;
  };
  if (file === undefined) return end(404);
  const { user, etag = 'strong', lastModified, cut } = file;
  if (user !== undefined && request.headers.authorization !== `Basic ${Buffer.from(user).toString('base64')}`) {
    return end(401);
  }
  const bytes = Buffer.from(file.bytes as Uint8Array);
  const tag = `${etag === 'weak' ? 'W/' : ''}"${createHash('sha256').update(bytes).digest('hex')}"`;
  const headers: Record<string, string> = { 'content-length': String(bytes.length) };
  if (etag !== 'none') headers['etag'] = tag;
  if (lastModified !== undefined) headers['last-modified'] = lastModified;
  const isSame = request.headers['if-none-match'] === tag;
  const since = request.headers['if-modified-since'];
  if (isSame || (since !== undefined && since === lastModified)) return end(304, { etag: tag });
  if (cut === undefined) return end(200, headers, bytes);
  response.writeHead(200, headers).write(bytes.subarray(0, cut), () => response.destroy());
  return 200;
}

export interface GitServer extends Server {
  /** Of all requests, each once. */
  readonly authorizations: ReadonlySet<string>;
}

/** Repositories below a directory, by git-http-backend(1). @param user `NAME:PASSWORD` that is asked for */
export async function serveGit(root: string, user?: string): Promise<GitServer> {
  const authorizations = new Set<string>();
  const server = await listen((request, response) => {
    const { authorization } = request.headers;
    if (authorization !== undefined) authorizations.add(authorization);
    if (
      user !== undefined &&
      authorization?.toLowerCase() !== `basic ${Buffer.from(user).toString('base64')}`.toLowerCase()
    ) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    backend(root, request, response);
  });
  return { ...server, authorizations };
}

/** RFC 3875, as far as this one program needs it. */
function backend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const env = {
    PATH: process.env['PATH'] ?? '',
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
    PATH_INFO: path,
    QUERY_STRING: query,
    REQUEST_METHOD: request.method ?? 'GET',
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
    HTTP_GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    REMOTE_ADDR: '127.0.0.1',
  };
  const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  request.pipe(child.stdin);
  child.stdin.on('error', () => undefined);
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  child.on('close', () => {
    const all = Buffer.concat(pieces);
    const cut = all.indexOf('\r\n\r\n');
    const headers = all.subarray(0, cut).toString('latin1').split('\r\n');
    let status = 200;
    for (const line of headers) {
      const [name = '', value = ''] = line.split(/: */, 2);
      if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
      else if (name !== '') response.setHeader(name, value);
    }
    response.writeHead(status).end(all.subarray(cut + 4));
  });
}

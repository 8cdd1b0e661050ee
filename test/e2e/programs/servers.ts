/**
 * What the programs under test talk to, all on loopback: a name server that alone knows a name, web servers with and
 * without TLS under a private authority, a git repository, an ssh server.
 * @module
 */
import { createSocket } from 'node:dgram';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { join } from 'node:path';
import { output, type Service, service } from './command.ts';

/** Known to the test's own name server and to nobody else (RFC 6761 reserves `.test`). */
export const NAME = 'www.pare.test';
export const PAGE = 'a page of the test server\n';

/** Port 53 is the only one a resolv.conf can mean; an address of this process's own keeps it apart from other resolvers. */
const DNS_ADDRESS = `127.53.${(process.pid >> 8) & 0xff}.${1 + (process.pid & 0x7f)}`;

export interface Servers extends AsyncDisposable {
  /** A resolv.conf that names the test's server. */
  readonly resolvConf: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** PEM file of the private authority that signed the https server's certificate. */
  readonly authority: string;
  /** Path below the http server at which a bare git repository lies ("dumb" protocol). */
  readonly gitPath: string;
  readonly ssh: { readonly port: number; readonly key: string };
  /** Names that were asked of the name server. */
  readonly asked: ReadonlySet<string>;
}

export async function startServers(): Promise<Servers> {
  const dir = await mkdtemp('/tmp/pare-servers-');
  const stack = new AsyncDisposableStack();
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  try {
    const resolvConf = join(dir, 'resolv.conf');
    await writeFile(resolvConf, `nameserver ${DNS_ADDRESS}\noptions timeout:1 attempts:1\n`);
    const asked = await startDns(stack);
    const keys = await makeAuthority(dir);
    const answer = await webRoot(dir);
    const httpPort = await listen(createHttp(answer), stack);
    const tls = { key: await readFile(keys.key), cert: await readFile(keys.certificate) };
    const httpsPort = await listen(createHttps(tls, answer), stack);
    const ssh = await startSsh(dir, stack);
    const kept = stack.move();
    return {
      resolvConf,
      httpPort,
      httpsPort,
      authority: keys.authority,
      gitPath: '/repo.git',
      ssh,
      asked,
      [Symbol.asyncDispose]: () => kept.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function listen(server: Server, stack: AsyncDisposableStack): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  stack.defer(() => closeNow(server));
  return (server.address() as AddressInfo).port;
}

function closeNow(server: Server & { closeAllConnections?: () => void }): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections?.();
  });
}

/** A port of loopback that is free at this moment, for programs that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createTcp();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await closeNow(server);
  return port;
}

/** Answers A questions for {@link NAME} with 127.0.0.1, AAAA with nothing, every other name with NXDOMAIN (RFC 1035). */
async function startDns(stack: AsyncDisposableStack): Promise<Set<string>> {
  const asked = new Set<string>();
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    const { name, end, type } = readQuestion(question);
    asked.add(name);
    const known = name === NAME;
    const answers =
      known && type === 1 ? [Buffer.from('c00c00010001000000050004', 'hex'), Buffer.of(127, 0, 0, 1)] : [];
    const header = Buffer.from(question.subarray(0, 12));
    header.writeUInt16BE(known ? 0x8580 : 0x8583, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length > 0 ? 1 : 0, 6);
    header.writeUInt32BE(0, 8);
    socket.send(Buffer.concat([header, question.subarray(12, end), ...answers]), from.port, from.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(53, DNS_ADDRESS, resolve);
  });
  stack.defer(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  return asked;
}

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join('.'), type: message.readUInt16BE(at + 1), end: at + 5 };
}

async function makeAuthority(dir: string): Promise<{ authority: string; key: string; certificate: string }> {
  const [authority, caKey, key, request, certificate, extensions] = [
    'authority.pem',
    'authority.key',
    'server.key',
    'server.csr',
    'server.pem',
    'extensions',
  ].map((name) => join(dir, name)) as [string, string, string, string, string, string];
  await writeFile(extensions, `subjectAltName=DNS:${NAME},IP:127.0.0.1\nbasicConstraints=CA:FALSE\n`);
  const newKey = (file: string) => ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file];
  const ca = ['openssl', 'req', '-x509', ...newKey(caKey), '-days', '30', '-subj', '/CN=pare test authority'];
  await output([...ca, '-addext', 'basicConstraints=critical,CA:TRUE', '-out', authority]);
  await output(['openssl', 'req', ...newKey(key), '-subj', `/CN=${NAME}`, '-out', request]);
  const signing = ['openssl', 'x509', '-req', '-in', request, '-CA', authority, '-CAkey', caKey, '-CAcreateserial'];
  await output([...signing, '-days', '30', '-extfile', extensions, '-out', certificate]);
  return { authority, key, certificate };
}

/** Serves a page at `/` and a bare git repository as plain files ("dumb http", gitprotocol-http(5)). */
async function webRoot(dir: string): Promise<RequestListener> {
  const work = join(dir, 'work');
  const bare = join(dir, 'repo.git');
  const git = ['git', '-c', 'user.name=Test', '-c', 'user.email=test@pare.test', '-c', 'init.defaultBranch=main'];
  await mkdir(work);
  await output([...git, 'init', '-q', work]);
  await writeFile(join(work, 'README'), 'cloned\n');
  await output([...git, '-C', work, 'add', 'README']);
  await output([...git, '-C', work, 'commit', '-q', '-m', 'First']);
  await output([...git, 'clone', '-q', '--bare', work, bare]);
  await output([...git, '-C', bare, 'update-server-info']);
  return (request, response) => {
    const path = new URL(request.url ?? '/', 'http://test').pathname;
    if (path === '/') {
      response.end(PAGE);
      return;
    }
    readFile(join(dir, path)).then(
      (body) => response.end(body),
      () => response.writeHead(404).end('not here\n'),
    );
  };
}

async function startSsh(dir: string, stack: AsyncDisposableStack): Promise<{ port: number; key: string }> {
  const port = await freePort();
  const [hostKey, key, config] = [join(dir, 'ssh_host_key'), join(dir, 'ssh_key'), join(dir, 'sshd_config')];
  await output(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', hostKey]);
  await output(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const settings = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${key}.pub`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin yes',
    'PidFile none',
  ];
  await writeFile(config, `${settings.join('\n')}\n`);
  await mkdir('/run/sshd', { recursive: true });
  const sshd: Service = service(['/usr/sbin/sshd', '-D', '-e', '-f', config]);
  stack.defer(() => sshd.stop());
  return { port, key };
}

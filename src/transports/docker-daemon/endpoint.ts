/**
 * Where the daemon is: as the docker command finds it (`DOCKER_HOST`, `DOCKER_CONTEXT`, the current context of its
 * configuration), and, where nothing is said and Docker is not there, Podman's socket.
 * @module
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fromSystem, ImageError, systemCode } from '../../base/errors.ts';
import { isObject, parseJson } from '../../base/json.ts';

export interface Endpoint {
  /** For messages: `unix:///var/run/docker.sock`. */
  readonly shown: string;
  readonly address: { readonly socketPath: string } | { readonly host: string; readonly port: number };
  /** Before every path; mostly empty. */
  readonly prefix: string;
  readonly tls: ClientTls | undefined;
}

/** PEM texts; what is absent is not used. */
export interface ClientTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized: boolean;
}

export type Env = Readonly<Record<string, string | undefined>>;

const DOCKER_SOCKET = '/var/run/docker.sock';
const CONFIG_LIMIT = 1 << 20;

/** @throws ImageError USAGE, UNSUPPORTED for an address that pare does not speak to; INVALID, NOT_FOUND for a context */
export function findEndpoint(env: Env): Endpoint {
  const config = env['DOCKER_CONFIG'] || `${env['HOME'] ?? ''}/.docker`;
  if (env['DOCKER_HOST']) return endpointAt(env['DOCKER_HOST'], tlsOfEnv(env, config));
  const context = env['DOCKER_CONTEXT'] || currentContext(config);
  return context === undefined || context === 'default'
    ? endpointAt(`unix://${usualSocket(env)}`, () => undefined)
    : contextEndpoint(config, context);
}

/** Docker's, or the first that is there of rootless Docker's and Podman's. */
function usualSocket(env: Env): string {
  const session = env['XDG_RUNTIME_DIR'];
  const own = session ? [`${session}/docker.sock`, `${session}/podman/podman.sock`] : [];
  return [DOCKER_SOCKET, ...own, '/run/podman/podman.sock'].find((path) => existsSync(path)) ?? DOCKER_SOCKET;
}

/** @param tls asked for only where the address is one that has TLS; undefined: plain */
export function endpointAt(address: string, tls: () => ClientTls | undefined): Endpoint {
  const [, scheme = 'tcp', rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(address) ?? [];
  switch (scheme) {
    case 'unix':
      return { shown: address, address: { socketPath: rest || DOCKER_SOCKET }, prefix: '', tls: undefined };
    case 'tcp':
    case 'http':
    case 'https':
      return networkEndpoint(address, rest, scheme === 'https' ? (tls() ?? { rejectUnauthorized: true }) : tls());
    case 'ssh':
      throw new ImageError('UNSUPPORTED', `the Docker daemon is at ${address}, and pare does not speak ssh`, {
        hint: `forward its socket: ssh -nNT -L /tmp/docker.sock:${DOCKER_SOCKET} HOST; then DOCKER_HOST=unix:///tmp/docker.sock`,
      });
    default:
      throw new ImageError('UNSUPPORTED', `the Docker daemon is at ${address}, and pare does not speak "${scheme}"`, {
        hint: 'set DOCKER_HOST to unix:///PATH or tcp://HOST:PORT',
      });
  }
}

function networkEndpoint(shown: string, rest: string, tls: ClientTls | undefined): Endpoint {
  const url = URL.parse(`http://${rest}`);
  if (url === null || url.hostname === '') {
    throw new ImageError('USAGE', `"${shown}" is not the address of a daemon`, { hint: 'write tcp://HOST:PORT' });
  }
  const usual = tls === undefined ? 2375 : 2376;
  // URL drops the port that is http's own.
  const port = url.port === '' ? (/:80(?:\/|$)/.test(rest) ? 80 : usual) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { shown, address: { host, port }, prefix: url.pathname.replace(/\/+$/, ''), tls };
}

/**
 * As the docker command: certificates in `DOCKER_CERT_PATH`, else beside its configuration; the daemon's is verified
 * where `DOCKER_TLS_VERIFY` is not empty.
 */
function tlsOfEnv(env: Env, config: string): () => ClientTls | undefined {
  const verify = Boolean(env['DOCKER_TLS_VERIFY']);
  const wanted = verify || Boolean(env['DOCKER_TLS']) || Boolean(env['DOCKER_CERT_PATH']);
  return () => (wanted ? readTls(env['DOCKER_CERT_PATH'] || config, verify) : undefined);
}

function readTls(dir: string, verify: boolean): ClientTls {
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((name) => readIfThere(`${dir}/${name}.pem`));
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    rejectUnauthorized: verify,
  };
}

function currentContext(config: string): string | undefined {
  const path = `${config}/config.json`;
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const value = parseJson(Buffer.from(text), path, CONFIG_LIMIT);
  const name = isObject(value) ? value['currentContext'] : undefined;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** docker/cli, `cli/context/store`: a directory for each context, called by the digest of its name. */
function contextEndpoint(config: string, name: string): Endpoint {
  const id = createHash('sha256').update(name).digest('hex');
  const path = `${config}/contexts/meta/${id}/meta.json`;
  const text = readIfThere(path);
  if (text === undefined) {
    throw new ImageError('NOT_FOUND', `there is no Docker context "${name}" (${path})`, {
      hint: '"docker context ls" lists them; DOCKER_CONTEXT=default or DOCKER_HOST takes precedence',
    });
  }
  const value = parseJson(Buffer.from(text), path, CONFIG_LIMIT);
  const endpoints = isObject(value) ? value['Endpoints'] : undefined;
  const docker = isObject(endpoints) ? endpoints['docker'] : undefined;
  const host = isObject(docker) ? docker['Host'] : undefined;
  if (!isObject(docker) || typeof host !== 'string') {
    throw new ImageError('INVALID', `${path} names no Docker daemon`, { hint: 'set DOCKER_HOST instead' });
  }
  const certificates = `${config}/contexts/tls/${id}/docker`;
  const verify = docker['SkipTLSVerify'] !== true;
  return endpointAt(host, () => (existsSync(certificates) || !verify ? readTls(certificates, verify) : undefined));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw fromSystem(error, `cannot read ${path}`);
  }
}

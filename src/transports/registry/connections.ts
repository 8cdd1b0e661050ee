/**
 * Connections to hosts, kept open from request to request: each with its own authorities and its own client's certificate, directly
 * or through a proxy.
 * @module
 */
import { getCACertificates } from 'node:tls';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { RegistryAccess } from '../../ports/registry-access.ts';
import type { IsVerified } from './host.ts';
import { proxyFor } from './proxy.ts';
import { TIMEOUTS, type Timeouts } from './timeouts.ts';

/** Names: a Host that is spoken to with a certificate is nobody else's. */
export interface Connections extends AsyncDisposable {
  readonly timeouts: Timeouts;
  to(url: URL): Promise<Dispatcher>;
}

export type ConnectionAccess = Pick<RegistryAccess, 'hostConfig' | 'env'>;

export function openConnections(
  access: ConnectionAccess,
  isVerified: IsVerified,
  timeouts: Timeouts = TIMEOUTS,
): Connections {
  const open = new Map<string, Promise<Dispatcher>>();
  return {
    timeouts,
    to: (url) => {
      const known = open.get(url.origin) ?? dispatcherFor(url, access, isVerified(url), timeouts);
      open.set(url.origin, known);
      return known;
    },
    [Symbol.asyncDispose]: async () => {
      const settled = await Promise.allSettled(open.values());
      open.clear();
      for (const one of settled) if (one.status === 'fulfilled') await one.value.destroy();
    },
  };
}

async function dispatcherFor(
  url: URL,
  { hostConfig, env }: ConnectionAccess,
  verify: boolean,
  timeouts: Timeouts,
): Promise<Dispatcher> {
  const proxy = proxyFor(url, env);
  const options = {
    // HTTP/2 gains nothing for few large bodies, and is one more thing that can go wrong.
    allowH2: false,
    connectTimeout: timeouts.connect,
    headersTimeout: timeouts.answer,
    bodyTimeout: timeouts.idle,
  };
  const tls = url.protocol === 'https:' ? await tlsOptions(url, { hostConfig }, verify) : {};
  if (proxy !== undefined) return new ProxyAgent({ ...options, uri: proxy.href, requestTls: tls });
  return new Agent({ ...options, connect: { ...tls, timeout: timeouts.connect } });
}

async function tlsOptions(url: URL, { hostConfig }: Pick<ConnectionAccess, 'hostConfig'>, verify: boolean) {
  const { ca = [], identity } = await hostConfig(url.host);
  return {
    rejectUnauthorized: verify,
    ...(ca.length === 0 ? {} : { ca: [...getCACertificates('default'), ...ca] }),
    ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key }),
  };
}

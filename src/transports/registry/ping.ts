/**
 * Finding a registry: which scheme it speaks, and how it wants to be asked (distribution-spec, "Determining Support").
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { refusal } from './diagnostics.ts';
import type { Exchange } from './exchange.ts';
import { registryUrl } from './host.ts';
import { isNotTls } from './network-errors.ts';
import { Disconnected } from './retry.ts';
import type { RegistryResponse } from './types.ts';

export interface Ping {
  /** As the reference has it. */
  readonly host: string;
  /** In the order to be tried. */
  readonly schemes: readonly ('http' | 'https')[];
  readonly doing: string;
  /** With its redirects. */
  readonly send: (exchange: Exchange) => Promise<RegistryResponse>;
  /** Tries again where that is right. */
  readonly persistently: (attempt: () => Promise<RegistryResponse>) => Promise<RegistryResponse>;
}

export interface Found {
  readonly base: URL;
  /** Of a registry that wants to know who asks: its body is of no use any more. */
  readonly challenge: RegistryResponse | undefined;
}

/** @throws ImageError NOT_FOUND where something answers that is no registry; what {@link refusal} says of other answers */
export async function findRegistry(ping: Ping): Promise<Found> {
  let base = registryUrl(ping.host, 'https');
  const response = await ping.persistently(async () => {
    const answer = await firstAnswer(ping);
    base = answer.base;
    return answer.response;
  });
  const { status, url } = response;
  if (status === 404 || status === 429 || status >= 500) throw await noRegistry(response, base, ping);
  await response.discard();
  // One that sends everybody from http to https is the same one, better protected.
  if (url.hostname === base.hostname && base.protocol === 'http:' && url.protocol === 'https:')
    base = new URL('/', url);
  return { base, challenge: status === 401 && url.origin === base.origin ? response : undefined };
}

/** One attempt with each scheme, until one is understood. */
async function firstAnswer({ schemes, host, doing, send }: Ping): Promise<{ base: URL; response: RegistryResponse }> {
  const failures: Disconnected[] = [];
  for (const [i, scheme] of schemes.entries()) {
    const base = registryUrl(host, scheme);
    try {
      const response = await send({ method: 'GET', url: new URL('/v2/', base), headers: {}, doing });
      // A server that speaks TLS, and is spoken to without, often says so by 400.
      if (response.status !== 400 || i === schemes.length - 1) return { base, response };
      await response.discard();
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
      failures.push(error);
    }
  }
  // That a scheme is not spoken says nothing where another one was.
  throw failures.findLast((error) => !isNotTls(error)) ?? failures.at(-1) ?? new Error(`bug: no scheme for ${host}`);
}

async function noRegistry(response: RegistryResponse, base: URL, { doing, host }: Ping): Promise<ImageError> {
  const error = await refusal(response, { doing, host, redirectedTo: undefined, hasCredentials: false });
  if (response.status !== 404) return error;
  return new ImageError('NOT_FOUND', `${doing}: ${host} is no registry: it answers, and ${base.href}v2/ is not there`, {
    hint: 'check the host, and the port if it has one',
  });
}

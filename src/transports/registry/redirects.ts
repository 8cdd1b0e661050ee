/**
 * Following redirects. What is secret goes to the origin it was meant for and to no other, and nothing goes from a protected
 * connection to a lesser one.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { redacted } from '../../base/secrets.ts';
import type { Exchange } from './exchange.ts';
import { shownUrl } from './host.ts';
import type { RegistryResponse } from './types.ts';

const MOST_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** @param verify whether TLS is verified: then a redirect from https to http is refused */
export async function following(
  first: Exchange,
  verify: boolean,
  send: (exchange: Exchange) => Promise<RegistryResponse>,
): Promise<RegistryResponse> {
  let exchange = first;
  for (let n = 0; ; n++) {
    const response = await send(exchange);
    const { location } = response.headers;
    if (!REDIRECTS.has(response.status) || location === undefined) return response;
    if (!canFollow(exchange, response.status)) return response;
    await response.discard();
    if (n === MOST_REDIRECTS) throw tooMany(first);
    exchange = redirected(exchange, location, verify);
  }
}

/** A changed method would be another request, and a stream that was sent is gone. */
function canFollow({ method, body }: Exchange, status: number): boolean {
  if (method === 'GET' || method === 'HEAD') return true;
  const isRepeatable = body === undefined || body instanceof Uint8Array || typeof body === 'function';
  return (status === 307 || status === 308) && isRepeatable;
}

function redirected(exchange: Exchange, location: string, verify: boolean): Exchange {
  const { url, headers, doing } = exchange;
  const target = URL.parse(location, url.href);
  if (target === null || !['http:', 'https:'].includes(target.protocol)) {
    throw new ImageError(
      'INVALID',
      `${doing}: ${url.host} redirects to "${redacted(location).slice(0, 100)}", which is no address`,
    );
  }
  target.username = '';
  target.password = '';
  target.hash = '';
  if (verify && url.protocol === 'https:' && target.protocol === 'http:') {
    throw new ImageError('DENIED', `${doing}: ${url.host} redirects to ${shownUrl(target)}, which anybody could read`, {
      hint: 'a connection that began with TLS is not continued without',
    });
  }
  if (target.origin === url.origin) return { ...exchange, url: target };
  const { authorization: _, ...rest } = headers;
  return { ...exchange, url: target, headers: rest };
}

function tooMany({ doing, url }: Exchange): ImageError {
  return new ImageError('INVALID', `${doing}: ${url.host} redirects more than ${MOST_REDIRECTS} times`, {
    hint: 'it leads in a circle: something is wrong with the registry, or with a proxy before it',
  });
}

/** Lists that come in pages (RFC 8288, `Link: <…>; rel="next"`). @module */
import { ImageError } from '../../base/errors.ts';
import type { RegistryResponse } from './types.ts';

/** Pages of one list. */
const MOST_PAGES = 10_000;

/** Each page of a list; ends where the registry names no next one. @throws ImageError INVALID for a list that goes in a circle */
export async function* pages(
  first: string,
  what: string,
  get: (target: string) => Promise<RegistryResponse>,
): AsyncGenerator<RegistryResponse> {
  const seen = new Set<string>();
  for (let target: string | undefined = first; target !== undefined; ) {
    if (seen.has(target) || seen.size === MOST_PAGES) {
      throw new ImageError('INVALID', `${what}: the registry's list has no end`);
    }
    seen.add(target);
    const response = await get(target);
    target = nextPage(response, what);
    yield response;
  }
}

/** As a path of the registry: behind a proxy that speaks TLS, some name themselves by http. */
function nextPage({ headers, url }: RegistryResponse, what: string): string | undefined {
  const text = nextLink(headers['link'] ?? '');
  if (text === undefined) return undefined;
  const next = URL.parse(text, url.href);
  if (next?.hostname === url.hostname) return `${next.pathname}${next.search}`;
  throw new ImageError('INVALID', `${what}: ${url.host} says that the list goes on at another host`);
}

const LINK = /<([^<>]*)>([^<>]*)/g;

function nextLink(header: string): string | undefined {
  for (const [, target, parameters = ''] of header.slice(0, 16_384).matchAll(LINK)) {
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)/i.test(parameters)) return target;
  }
  return undefined;
}

/**
 * Which proxy a connection goes through, as Go's programs (docker, skopeo, crane) read the environment: HTTP_PROXY or HTTPS_PROXY by
 * the scheme, in either case of letters, and NO_PROXY for what goes directly.
 * @module
 */
import { BlockList, isIP } from 'node:net';
import { ImageError } from '../../base/errors.ts';
import { isLoopback } from './host.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** @returns undefined for a direct connection. @throws ImageError USAGE for a proxy that is no URL */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const text = either(env, name);
  if (text === undefined || isLoopback(url.hostname) || isExempt(url, either(env, 'NO_PROXY') ?? '')) return undefined;
  return parseProxy(text, name);
}

function either(env: Environment, name: string): string | undefined {
  return env[name] || env[name.toLowerCase()] || undefined;
}

function parseProxy(text: string, name: string): URL {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.parse(withScheme);
  if (url !== null && ['http:', 'https:', 'socks5:', 'socks:'].includes(url.protocol) && url.hostname !== '')
    return url;
  // The value may hold a password, and is not shown.
  throw new ImageError('USAGE', `$${name} is not the address of a proxy`, {
    hint: `set it as in ${name}=http://proxy.example.com:3128, or unset it`,
  });
}

/** `*`; `example.com` and what is below it; `.example.com`: what is below it; addresses; ranges as 10.0.0.0/8; each with :PORT. */
function isExempt(url: URL, list: string): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInRange(entry, host);
  const [, bracketed, plain, only] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [undefined, entry];
  if (only !== undefined && only !== port) return false;
  const name = (bracketed ?? plain ?? '').replace(/^\*/, '').replace(/\.$/, '');
  if (name.startsWith('.')) return host.endsWith(name);
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`));
}

function isInRange(entry: string, host: string): boolean {
  const [address = '', bits = ''] = entry.split('/');
  const version = isIP(address);
  if (version === 0 || isIP(host) !== version || !/^\d{1,3}$/.test(bits)) return false;
  const width = version === 4 ? 32 : 128;
  if (Number(bits) > width) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const range = new BlockList();
  range.addSubnet(address, Number(bits), family);
  return range.check(host, family);
}

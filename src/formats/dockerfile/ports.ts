/** EXPOSE: `80`, `80/udp`, `8000-8010`, and the older `[IP:][HOST:]CONTAINER[/PROTOCOL]`. @module */
import { ImageError } from '../../base/errors.ts';

/** Protocols in lower case. */
const PROTOCOLS = ['tcp', 'udp', 'sctp'];
const MOST_PORTS = 3 * 65536;

/**
 * The ports as the image's config names them, `80/tcp`, in order; a range gives each of its ports.
 * @throws ImageError INVALID; LIMIT for more ports than there are
 */
export function parsePorts(specs: readonly string[]): string[] {
  const ports: string[] = [];
  for (const spec of specs) {
    for (const port of parsePort(spec)) ports.push(port);
    if (ports.length > MOST_PORTS) throw new ImageError('LIMIT', `EXPOSE names more than ${MOST_PORTS} ports`);
  }
  return ports;
}

function parsePort(spec: string): string[] {
  const parts = spec.split(':');
  const [container = '', protocol = ''] = splitProtocol(parts.at(-1) ?? '');
  if (container === '') throw invalid(spec, 'no port specified', 'write EXPOSE PORT, or PORT/udp');
  const name = protocol === '' ? 'tcp' : protocol.toLowerCase();
  if (!PROTOCOLS.includes(name))
    throw invalid(spec, `unknown protocol "${protocol}"`, `protocols: ${PROTOCOLS.join(', ')}`);
  const [first, last] = parseRange(spec, container);
  const host = parts.at(-2) ?? '';
  if (host !== '') {
    const [firstHost, lastHost] = parseRange(spec, host);
    // One port may have a range on the host to be found in.
    if (first !== last && last - first !== lastHost - firstHost)
      throw invalid(spec, 'the two ranges have different lengths');
  }
  const address = parts.slice(0, -2).join(':');
  if (address !== '' && !isAddress(address)) throw invalid(spec, `"${address}" is no IP address`);
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${name}`);
}

function splitProtocol(text: string): string[] {
  const at = text.indexOf('/');
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function parseRange(spec: string, text: string): [number, number] {
  const [, start = '', end = start] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [first, last] = [Number(start), Number(end)];
  if (start === '' || last > 65535) throw invalid(spec, `"${text}" is no port`, 'a port is a number up to 65535');
  if (last < first) throw invalid(spec, `the range ${text} ends before it begins`);
  return [first, last];
}

function isAddress(text: string): boolean {
  const inner = text.replace(/^\[(.*)\]$/, '$1');
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(inner)) return inner.split('.').every((part) => Number(part) < 256);
  return inner.includes(':') && URL.canParse(`http://[${inner}]`);
}

function invalid(spec: string, problem: string, hint?: string): ImageError {
  return new ImageError('INVALID', `invalid port: "${spec}": ${problem}`, hint === undefined ? {} : { hint });
}

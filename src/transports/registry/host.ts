/** Where a registry is on the network, and how well the way to it is protected. @module */
import { isIPv4 } from 'node:net';

/** Docker Hub's registry is not where its name says. */
const API_HOSTS: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

/** `localhost`, 127.0.0.0/8 and ::1, as in a URL's hostname: what never leaves this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'));
}

/** @param host as in a reference: `docker.io`, `localhost:5000`, `[::1]:5000` */
export function registryUrl(host: string, scheme: 'http' | 'https'): URL {
  return new URL(`${scheme}://${API_HOSTS[host] ?? host}/`);
}

export interface SchemeChoice {
  readonly insecure: boolean;
  /** An authority or a client's certificate is configured for this host: then it speaks TLS. */
  readonly hasCertificates: boolean;
}

/** In the order to be tried; the next one only where there was no understanding at all. */
export function schemesOf(host: string, { insecure, hasCertificates }: SchemeChoice): readonly ('http' | 'https')[] {
  if (hasCertificates) return ['https'];
  if (isLoopback(registryUrl(host, 'http').hostname)) return ['http', 'https'];
  return insecure ? ['https', 'http'] : ['https'];
}

/** Whether TLS has to be valid there: `--insecure` is for one host, and for no other that it sends the client to. */
export type IsVerified = (url: URL) => boolean;

export function verifiedBut(host: string, insecure: boolean): IsVerified {
  const { hostname } = registryUrl(host, 'https');
  return (url) => !insecure || url.hostname !== hostname;
}

/**
 * How well a connection is protected against others on the network: 3 TLS, verified; 2 inside this machine; 1 TLS, unverified;
 * 0 not at all. What is secret on one connection is not sent over a lesser one.
 */
export function securityOf(url: URL, isVerified: IsVerified): 0 | 1 | 2 | 3 {
  if (url.protocol === 'https:') return isVerified(url) ? 3 : 1;
  return isLoopback(url.hostname) ? 2 : 0;
}

/** For messages: no user, and no query, in which storage services put signatures that are as good as a password. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

/**
 * The keys of credential files. Docker writes a registry's host, or for Docker Hub the address of an API that is long gone;
 * older versions wrote URLs; containers-auth.json(5) allows a namespace behind the host.
 * @module
 */

/** What Docker calls Docker Hub, in `config.json` and to credential helpers. */
export const HUB_KEY = 'https://index.docker.io/v1/';
const HUB = 'docker.io';
const HUB_NAMES: ReadonlySet<string> = new Set([HUB, 'index.docker.io', 'registry-1.docker.io']);

/** What a key speaks of. */
export interface KeyScope {
  /** As a reference has it: `docker.io`, whatever the key calls it. */
  readonly host: string;
  /** Namespace or repository, without slashes at the ends; empty for the whole registry. */
  readonly path: string;
}

/** A host by its one name: Docker Hub has several. */
export function registryName(host: string): string {
  return HUB_NAMES.has(host) ? HUB : host;
}

/** As Docker spells a registry in `config.json` and to credential helpers. */
export function dockerKey(host: string): string {
  return registryName(host) === HUB ? HUB_KEY : host;
}

/**
 * A key with a scheme means its whole host, whatever path follows, as Docker has it; one without may name a namespace, as
 * containers-auth.json(5) has it. Undefined for what is no registry's key: Docker Desktop keeps its own tokens beside them.
 */
export function keyScope(key: string): KeyScope | undefined {
  const scheme = /^https?:\/\//i.exec(key)?.[0] ?? '';
  const rest = key.slice(scheme.length);
  const cut = rest.search(/[/?#]/);
  const host = registryName((cut < 0 ? rest : rest.slice(0, cut)).replace(scheme === '' ? '' : /^.*@/, ''));
  const path = cut < 0 ? '' : trimSlashes(rest.slice(cut));
  if (host === '' || /\s/.test(host)) return undefined;
  if (host === HUB && /^v[12]\/(?:access|refresh)-token$/.test(path)) return undefined;
  const isWhole = scheme !== '' || (host === HUB && /^v[12]$/.test(path));
  return { host, path: isWhole ? '' : path };
}

/** From the repository itself up to the whole registry, which is the empty path. */
export function* namespaces(repository: string | undefined): Generator<string> {
  for (let path = repository ?? ''; path !== ''; path = path.slice(0, Math.max(path.lastIndexOf('/'), 0))) yield path;
  yield '';
}

function trimSlashes(text: string): string {
  let [start, end] = [0, text.length];
  while (text[start] === '/') start++;
  while (end > start && text[end - 1] === '/') end--;
  return text.slice(start, end);
}

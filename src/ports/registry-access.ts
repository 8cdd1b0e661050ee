/**
 * What a registry's client is given from outside: who the user is, where registries are, and the world's clock. Reading
 * configuration files is behind this interface; the client knows none of them.
 * @module
 */

import type { Credentials } from '../formats/registry-auth/credentials.ts';

export type { Credentials };

/** One place a repository's content can be read from. */
export interface RegistryEndpoint {
  /** Host with optional port, as in a reference: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly host: string;
  /** The repository as it is called there; a mirror may have another name for it. */
  readonly repository: string;
  /** Plain HTTP or unverified TLS, because a configuration says so. */
  readonly insecure: boolean;
  /** What may be asked of it: a mirror may be trusted with digests only. */
  readonly pulls: 'all' | 'digest-only' | 'tag-only';
}

/** Where to read a repository: mirrors in order of preference, and the registry itself last. */
export type Route = readonly [...mirrors: RegistryEndpoint[], registry: RegistryEndpoint];

/** How to speak TLS with one host; PEM texts. */
export interface HostConfig {
  /** Authorities besides the system's. */
  readonly ca?: readonly string[];
  /** The client's certificate, with its key. */
  readonly identity?: { readonly certificate: string; readonly key: string };
}

/** Clock, waiting and chance: handed in, so that tests need not wait. */
export interface World {
  /** Milliseconds since 1970. */
  now(): number;
  /** @throws the signal's reason, as soon as it is aborted */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** In [0, 1). */
  random(): number;
}

export interface RegistryAccess {
  /**
   * The user's credentials for a repository, by the host as a reference writes it (`docker.io`, whatever the key in a file is).
   * Without a repository: for the registry as such.
   * @returns undefined where there are none: then the registry is asked anonymously
   * @throws ImageError INVALID for a broken file; UNAVAILABLE for a helper that cannot be run
   */
  credentialsFor(host: string, repository?: string): Promise<Credentials | undefined>;
  /**
   * @param version what is asked for, where that is known: a configuration may speak of one tag or digest
   * @throws ImageError DENIED where the configuration blocks the registry; INVALID for a broken file
   */
  route(
    host: string,
    repository: string,
    version?: { readonly tag?: string | undefined; readonly digest?: string | undefined },
  ): Promise<Route>;
  /**
   * Where a repository is written to: no mirror, and nowhere but where its name says.
   * @throws as {@link RegistryAccess.route}
   */
  destination(host: string, repository: string): Promise<RegistryEndpoint>;
  hostConfig(host: string): Promise<HostConfig>;
  /** `--insecure`: plain HTTP, or TLS without verification, for every registry of this command. */
  readonly insecure: boolean;
  /** For the proxy: HTTP_PROXY, HTTPS_PROXY, NO_PROXY, and in lower case. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly world: World;
}

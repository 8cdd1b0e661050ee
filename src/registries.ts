/** How registries are reached from this machine: the user's configuration files and environment, behind one interface. @module */
import { setTimeout as wait } from 'node:timers/promises';
import { destinationOf, routeOf } from './formats/registry-auth/route.ts';
import type { Credentials, RegistryAccess, World } from './ports/registry-access.ts';
import type { Run } from './ports/run.ts';
import { findCredentials, type Keyring } from './system/credentials.ts';
import type { Environment } from './system/home.ts';
import { readRegistriesConf } from './system/registries-conf.ts';
import { registryCertificates } from './system/registry-certificates.ts';

/** Whose configuration it is. */
interface UserAccess {
  readonly env: Environment;
  readonly run?: Run;
  /** Plain HTTP or unverified TLS for every registry. */
  readonly insecure?: boolean;
}

const WORLD: World = {
  now: Date.now,
  sleep: async (milliseconds, signal) => {
    try {
      const slept = wait(milliseconds, undefined, signal === undefined ? {} : { signal });
      await slept.catch((error: unknown) => {
        signal?.throwIfAborted(); // the reason, and not that there is one
        throw error;
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
  random: Math.random,
};

/** Files are read, and helpers asked, once for each question and only when it comes up. */
export function registryAccess({ env, run, insecure = false }: UserAccess): RegistryAccess {
  const conf = once(() => readRegistriesConf(env));
  const credentials = new Map<string, Promise<Credentials | undefined>>();
  const ask = async (host: string, repository?: string) =>
    (await findCredentials(host, repository, { env, run, helpers: conf().credentialHelpers }))?.credentials;
  return {
    credentialsFor(host, repository) {
      const name = `${host}/${repository ?? ''}`;
      const answer = credentials.get(name) ?? ask(host, repository);
      credentials.set(name, answer);
      return answer;
    },
    route: async (host, repository, version) => routeOf(conf(), { host, repository, ...version }),
    destination: async (host, repository) => destinationOf(conf(), { host, repository }),
    hostConfig: async (host) => registryCertificates(host, env),
    insecure,
    env,
    world: WORLD,
  };
}

/** Where the user's credentials are. @param authfile `--authfile` */
export function keyringOf({ env, run }: UserAccess, authfile?: string): Keyring {
  return { env, run, authfile, helpers: readRegistriesConf(env).credentialHelpers };
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** How registries are reached from this machine: the user's configuration files and environment, behind one interface. @module */
import { setTimeout as wait } from 'node:timers/promises';
import type { RegistryAccess, World } from './ports/registry-access.ts';
import type { Access } from './sources.ts';

const WORLD: World = {
  now: Date.now,
  sleep: async (milliseconds, signal) => {
    await wait(milliseconds, undefined, signal === undefined ? {} : { signal });
  },
  random: Math.random,
};

export function registryAccess({ env, insecure = false }: Access): RegistryAccess {
  return {
    credentialsFor: async () => undefined,
    route: async (host, repository) => [{ host, repository, insecure, pulls: 'all' }],
    hostConfig: async () => ({}),
    insecure,
    env,
    world: WORLD,
  };
}

/** What a client is given in tests: credentials for some hosts, and a clock that does not wait. @module */
import type { Credentials, HostConfig, RegistryAccess, World } from '../../src/ports/registry-access.ts';
import { chance } from './schedule.ts';

/** Time passes where somebody sleeps, and a millisecond with every look at the clock. */
export interface TestWorld extends World {
  /** Milliseconds that were slept, in all. */
  readonly slept: () => number;
}

export function testWorld(seed = 1): TestWorld {
  const luck = chance(seed);
  let now = 1_800_000_000_000;
  let slept = 0;
  return {
    now: () => now++,
    sleep: async (milliseconds, signal) => {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      now += milliseconds;
      slept += milliseconds;
    },
    random: luck.next,
    slept: () => slept,
  };
}

export interface TestAccess {
  /** Host → who the user is there. */
  readonly credentials?: Readonly<Record<string, Credentials>>;
  readonly hosts?: Readonly<Record<string, HostConfig>>;
  readonly insecure?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly world?: World;
}

export function testAccess({ credentials = {}, hosts = {}, ...more }: TestAccess = {}): RegistryAccess {
  return {
    credentialsFor: async (host) => credentials[host],
    route: async (host, repository) => [{ host, repository, insecure: false, pulls: 'all' }],
    destination: async (host, repository) => ({ host, repository, insecure: false, pulls: 'all' }),
    hostConfig: async (host) => hosts[host] ?? {},
    insecure: more.insecure ?? false,
    env: more.env ?? {},
    world: more.world ?? testWorld(),
  };
}

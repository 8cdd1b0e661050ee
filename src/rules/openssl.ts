/**
 * OpenSSL's configuration, config(5), and the providers and engines it loads: from the directories that libcrypto was built
 * with, and from what openssl.cnf names.
 * @module
 */
import { joinPath } from '../base/path.ts';
import { parseOpensslConfig } from './openssl-config.ts';
import { libcryptoOf, opensslPlaces } from './openssl-places.ts';
import type { Facts, Requirement, Rule, Strength, Subject } from './rule.ts';

const LOADS_PROVIDER = /^OSSL_PROVIDER_(?:try_)?load(?:_ex)?$/;
const LOADS_ENGINE = /^ENGINE_(?:by_id|load_builtin_engines|load_dynamic)$/;

/** Providers that are files of their own; `default`, `base` and `null` are built in (provider(7)). */
const PROVIDER_FILES = ['legacy', 'fips'];

interface Places {
  readonly config: string;
  readonly modules: string | undefined;
  readonly engines: string | undefined;
}

export const openssl: Rule = {
  name: 'openssl',
  summary: 'openssl.cnf, and the providers and engines that it or a program names',
  file: async (subject, facts) => {
    if (subject.elf === undefined) return [];
    const file = libcryptoOf(subject);
    if (file === subject.path || (file === undefined && subject.use === 'program')) return fromLibrary(subject, facts);
    if (file === undefined) return [];
    const symbols = [...(await facts.symbols(subject.path))];
    const places = await placesOf(file, facts);
    if (places === undefined) return [];
    return [...(await namedProviders(symbols, places, subject, facts)), ...engineDirectory(symbols, places)];
  },
};

/** libcrypto itself, or a program that may carry it: it reads its configuration when it starts. */
async function fromLibrary(subject: Subject, facts: Facts): Promise<Requirement[]> {
  const places = await placesOf(subject.path, facts);
  if (places === undefined) return [];
  const because = 'reads its configuration at start (OPENSSL_init_crypto)';
  return [
    { want: { kind: 'path', path: places.config, use: 'data' }, strength: 'recommended', because },
    ...(await named(places, facts)),
  ];
}

/** The environment counts before what was compiled in. */
async function placesOf(libcrypto: string, facts: Facts): Promise<Places | undefined> {
  const built = await opensslPlaces(libcrypto, facts);
  if (built === undefined) return undefined;
  const { env } = facts;
  return {
    config: env['OPENSSL_CONF'] ?? `${built.dir}/openssl.cnf`,
    modules: env['OPENSSL_MODULES'] ?? built.modules,
    engines: env['OPENSSL_ENGINES'] ?? built.engines,
  };
}

/** What openssl.cnf includes, activates and loads. */
async function named(places: Places, facts: Facts): Promise<Requirement[]> {
  const config = await parseOpensslConfig(places.config, facts);
  const because = (what: string) => `reads ${places.config}, which ${what}`;
  return [
    ...config.included.map(
      (path): Requirement => ({
        want: { kind: 'path', path, use: 'data' },
        strength: 'recommended',
        because: because('includes it'),
      }),
    ),
    ...config.providers.flatMap(({ name, module }) =>
      provider(name, {
        file: module,
        places,
        strength: 'recommended',
        because: because(`activates the provider ${name}`),
      }),
    ),
    ...config.engines.map(({ name, path }): Requirement => {
      const file = path ?? `${places.engines}/${name}.so`;
      return {
        want: { kind: 'path', path: file, use: 'module' },
        strength: 'recommended',
        because: because(`loads the engine ${name}`),
      };
    }),
  ];
}

/** A program that loads providers, and in whose strings the name of one stands. */
async function namedProviders(
  symbols: readonly string[],
  places: Places,
  subject: Subject,
  facts: Facts,
): Promise<Requirement[]> {
  const load = symbols.find((name) => LOADS_PROVIDER.test(name));
  if (load === undefined) return [];
  const texts = new Set(await facts.strings(subject.path));
  const strength = subject.use === 'program' ? 'recommended' : 'suggested';
  return PROVIDER_FILES.filter((name) => texts.has(name)).flatMap((name) =>
    provider(name, { file: undefined, places, strength, because: `calls ${load} and names "${name}"` }),
  );
}

interface Provider {
  readonly file: string | undefined;
  readonly places: Places;
  readonly strength: Strength;
  readonly because: string;
}

function provider(name: string, { file, places, strength, because }: Provider): Requirement[] {
  if (file === undefined && !PROVIDER_FILES.includes(name)) return [];
  const path = joinPath(places.modules ?? '/', file ?? `${name}.so`);
  return [{ want: { kind: 'path', path, use: 'module' }, strength, because }];
}

function engineDirectory(symbols: readonly string[], { engines }: Places): Requirement[] {
  const call = symbols.find((name) => LOADS_ENGINE.test(name));
  if (call === undefined || engines === undefined) return [];
  const want = { kind: 'tree', path: engines, use: 'module' } as const;
  return [{ want, strength: 'suggested', because: `calls ${call}, with engines that only its user knows` }];
}

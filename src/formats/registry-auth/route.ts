/** Where a name's content is, by the tables of registries.conf. @module */
import { ImageError } from '../../base/errors.ts';
import { registryName } from './keys.ts';
import type { Mirror, RegistriesConf, RegistryTable } from './registries-conf.ts';

/** A name without its parts being checked again: they come from a reference. */
export interface RegistryNamed {
  readonly host: string;
  /** Empty for the registry as such. */
  readonly repository: string;
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
}

export interface Place {
  readonly host: string;
  readonly repository: string;
  readonly insecure: boolean;
  readonly pulls: Mirror['pulls'];
}

/**
 * Mirrors in the order of the table, and where the name itself is, last. A name that no table is about is where it says.
 * @throws ImageError DENIED where the table blocks it; INVALID where a location makes no name
 */
export function routeOf(conf: RegistriesConf, named: RegistryNamed): readonly [...mirrors: Place[], own: Place] {
  const { host, repository } = named;
  const found = tableFor(conf, named);
  if (found === undefined) return [{ host, repository, insecure: false, pulls: 'all' }];
  const { table, rest } = found;
  if (table.blocked) throw blocked(table, named);
  const place = (location: string | undefined, insecure: boolean, pulls: Mirror['pulls']): Place => {
    if (location === undefined) return { host, repository, insecure, pulls };
    return { ...split(`${location}${rest}`, table.prefix), insecure, pulls };
  };
  return [
    ...table.mirrors.map((mirror) => place(mirror.location, mirror.insecure, mirror.pulls)),
    place(table.location, table.insecure, 'all'),
  ];
}

/**
 * Where a name is written to: where it says, since neither mirrors nor moves count for what is written
 * (containers-registries.conf(5), "Remapping and mirroring registries").
 * @throws ImageError DENIED where a table blocks it
 */
export function destinationOf(conf: RegistriesConf, named: RegistryNamed): Place {
  const table = tableFor(conf, named)?.table;
  if (table?.blocked) throw blocked(table, named);
  return { host: named.host, repository: named.repository, insecure: table?.insecure ?? false, pulls: 'all' };
}

function blocked({ prefix }: RegistryTable, named: RegistryNamed): ImageError {
  return new ImageError('DENIED', `registries.conf blocks ${prefix}, and so ${nameOf(named)}`, {
    hint: `take "blocked" out of the table of "${prefix}", or name an image of another registry`,
  });
}

interface Matched {
  readonly table: RegistryTable;
  /** What of `host/repository` stands behind the prefix. */
  readonly rest: string;
}

/** The table of the longest prefix. */
function tableFor(conf: RegistriesConf, named: RegistryNamed): Matched | undefined {
  let best: Matched | undefined;
  for (const table of conf.registries) {
    if (best !== undefined && best.table.prefix.length >= table.prefix.length) continue;
    const rest = restBehind(table.prefix, named);
    if (rest !== undefined) best = { table, rest };
  }
  return best;
}

function restBehind(prefix: string, named: RegistryNamed): string | undefined {
  const name = nameOf(named);
  if (prefix.startsWith('*.')) {
    const host = named.host.replace(/:\d+$/, '');
    return host.endsWith(prefix.slice(1)) ? name.slice(named.host.length) : undefined;
  }
  if (name === prefix || name.startsWith(`${prefix}/`)) return name.slice(prefix.length);
  // A prefix may go as far as one tag or one digest.
  const exact = [`${name}:${named.tag}`, `${name}@${named.digest}`, `${name}:${named.tag}@${named.digest}`];
  return exact.includes(prefix) ? '' : undefined;
}

function nameOf({ host, repository }: RegistryNamed): string {
  return repository === '' ? host : `${host}/${repository}`;
}

function split(name: string, prefix: string): { readonly host: string; readonly repository: string } {
  // A location that ends with a tag or a digest stands for a prefix that does; the version asked for stays the same.
  const bare = name.replace(/@[^/]*$/, '').replace(/:[^/]*$/, (tag) => (name.includes('/') ? '' : tag));
  const cut = bare.indexOf('/');
  const host = registryName(cut < 0 ? bare : bare.slice(0, cut));
  const repository = cut < 0 ? '' : bare.slice(cut + 1);
  if (!/^(?:[\w.-]+|\[[\da-fA-F:]+\])(?::\d+)?$/.test(host) || !/^(?:[a-z0-9._/-]*)$/.test(repository)) {
    throw new ImageError(
      'INVALID',
      `registries.conf moves ${prefix} to ${name.slice(0, 200)}, which is no image's name`,
      {
        hint: 'location is HOST[:PORT][/PATH], in lower case behind the host',
      },
    );
  }
  return {
    host,
    repository: host === 'docker.io' && /^[^/]+$/.test(repository) ? `library/${repository}` : repository,
  };
}

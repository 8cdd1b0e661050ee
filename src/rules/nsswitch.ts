/** The Name Service Switch's configuration: nsswitch.conf(5), and what glibc does where the file is missing. @module */
import type { NssDatabase } from './nss-databases.ts';

/** One source of a database, in the order of the line. */
export interface NssService {
  /** `files`, `dns`, `systemd` …: glibc loads `libnss_NAME.so.2` for it. */
  readonly name: string;
  /** Whether the line says that a service that cannot be loaded ends the search: `[UNAVAIL=return]`. */
  readonly stopsWhereUnavailable: boolean;
}

export type NssSwitch = ReadonlyMap<string, readonly NssService[]>;

const STATUSES = ['SUCCESS', 'NOTFOUND', 'UNAVAIL', 'TRYAGAIN'];

/** No line that anyone writes is longer. */
const LONGEST = 4096;

/** By database. A line that names no service counts as an empty list; of two lines for one database, the last. */
export function parseNssSwitch(text: string): NssSwitch {
  const databases = new Map<string, readonly NssService[]>();
  for (const line of text.split('\n')) {
    if (line.length > LONGEST) continue;
    const words = /^\s*([^\s:#]+)\s*:([^#]*)/.exec(line);
    if (words?.[1] !== undefined) databases.set(words[1], parseServices(words[2] ?? ''));
  }
  return databases;
}

function parseServices(text: string): NssService[] {
  const services: NssService[] = [];
  for (const [word] of text.matchAll(/\[[^\]]*\]|[^\s[\]]+/g)) {
    const last = services.at(-1);
    if (!word.startsWith('[')) services.push({ name: word, stopsWhereUnavailable: false });
    else if (last !== undefined) services[services.length - 1] = withActions(last, word.slice(1, -1));
  }
  return services;
}

/** `STATUS=ACTION` and `!STATUS=ACTION`, which stands for every other status; upper or lower case. */
function withActions(service: NssService, text: string): NssService {
  let stops = service.stopsWhereUnavailable;
  for (const [, not, status, action] of text.matchAll(/(!?)\s*(\w+)\s*=\s*(\w+)/g)) {
    if (!STATUSES.includes((status ?? '').toUpperCase())) continue;
    const meant = (not === '!') !== ((status ?? '').toUpperCase() === 'UNAVAIL');
    if (meant) stops = (action ?? '').toLowerCase() === 'return';
  }
  return { ...service, stopsWhereUnavailable: stops };
}

/** The first glibc whose C library holds the services `files` and `dns` itself (its NEWS, version 2.34). */
const BUILT_IN_SINCE = [2, 34] as const;

/** The first glibc that looks into /etc/hosts first where nsswitch.conf is missing (glibc bug 28700). */
const FILES_FIRST_SINCE = [2, 35] as const;

/** @param version `2.36`; undefined where it cannot be told */
export function hasFilesAndDns(version: string | undefined): boolean {
  return isAtLeast(version, BUILT_IN_SINCE);
}

export function looksAtHostsFirst(version: string | undefined): boolean {
  return isAtLeast(version, FILES_FIRST_SINCE);
}

function isAtLeast(version: string | undefined, [major, minor]: readonly [number, number]): boolean {
  const [, x, y] = /^(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  return Number(x) > major || (Number(x) === major && Number(y) >= minor);
}

/** The services that glibc asks for a database which nsswitch.conf, or its absence, says nothing about (nss/nss_database.c). */
export function servicesOf(
  database: NssDatabase,
  { config, version }: { readonly config: NssSwitch | undefined; readonly version: string | undefined },
): readonly NssService[] {
  const written = config?.get(database);
  if (written !== undefined) return written;
  if (database === 'hosts') return looksAtHostsFirst(version) ? named('files', 'dns') : named('dns', 'files');
  if (database === 'networks') return named('dns', 'files');
  return named('files');
}

function named(...names: readonly string[]): readonly NssService[] {
  return names.map((name) => ({ name, stopsWhereUnavailable: false }));
}

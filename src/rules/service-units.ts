/**
 * How the machine starts a program as a service: systemd.service(5) and systemd.exec(5) units that its package ships. They
 * name the user it runs as and the directories it is given, which a container has to have as well.
 * @module
 */
import type { Facts } from './rule.ts';

export interface ServiceUnit {
  /** Path of the unit file. */
  readonly path: string;
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** Directories that systemd makes for the service and gives to its user. */
  readonly own: readonly { readonly path: string; readonly mode: number }[];
  /** Paths that the service writes to: ReadWritePaths=. */
  readonly writes: readonly string[];
}

/** The packages whose program this is: its owner, and others of the same source that start it by a name of their own. */
export async function packagesOf(program: string, facts: Facts): Promise<string[]> {
  const packages = await facts.packages();
  const owner = await packages.owner(program);
  if (owner === undefined) return [];
  const all = [owner.name];
  for (const { name } of await packages.siblings(owner.name)) {
    if (name === owner.name) continue;
    const links = (await packages.filesOf(name)).filter((path) => /\/s?bin\/[^/]+$/.test(path));
    for (const link of links) {
      const found = await facts.files.resolve(link);
      if (found.kind === 'found' && found.path === program) {
        all.push(name);
        break;
      }
    }
  }
  return all;
}

/** Units of these packages whose ExecStart is the program. */
export async function unitsOf(program: string, names: readonly string[], facts: Facts): Promise<ServiceUnit[]> {
  const packages = await facts.packages();
  const units: ServiceUnit[] = [];
  for (const name of names) {
    for (const path of await packages.filesOf(name)) {
      if (!/\/systemd\/system\/[^/]+\.service$/.test(path)) continue;
      const settings = parseUnit((await facts.text(path)) ?? '');
      if (await starts(settings, program, facts)) units.push(toUnit(path, settings));
    }
  }
  return units;
}

type Settings = ReadonlyMap<string, readonly string[]>;

/** Values by key, of all sections; an empty value drops those before it (systemd.syntax(7)). */
export function parseUnit(unit: string): Settings {
  const settings = new Map<string, string[]>();
  for (const line of unit.replace(/\\\n/g, ' ').split('\n')) {
    const [, key, text = ''] = /^\s*([A-Za-z]+)\s*=(.*)$/.exec(line) ?? [];
    if (key === undefined) continue;
    const value = text.trim();
    settings.set(key, value === '' ? [] : [...(settings.get(key) ?? []), value]);
  }
  return settings;
}

async function starts(settings: Settings, program: string, facts: Facts): Promise<boolean> {
  for (const line of settings.get('ExecStart') ?? []) {
    const path = /^[-@:+!|]*(\/\S+)/.exec(line)?.[1];
    const found = path === undefined ? undefined : await facts.files.resolve(path);
    if (found?.kind === 'found' && found.path === program) return true;
  }
  return false;
}

const OWN: Readonly<Record<string, string>> = {
  RuntimeDirectory: '/run',
  StateDirectory: '/var/lib',
  CacheDirectory: '/var/cache',
  LogsDirectory: '/var/log',
};

function toUnit(path: string, settings: Settings): ServiceUnit {
  const last = (key: string) => settings.get(key)?.at(-1);
  const words = (key: string) =>
    (settings.get(key) ?? []).flatMap((value) => value.split(/\s+/)).filter((word) => !word.includes('%'));
  const own = Object.entries(OWN).flatMap(([key, base]) => {
    const mode = Number.parseInt(last(`${key}Mode`) ?? '755', 8);
    return words(key).map((word) => ({
      path: `${base}/${word.split(':', 1)[0]}`,
      mode: Number.isNaN(mode) ? 0o755 : mode,
    }));
  });
  const writes = [...words('ReadWritePaths'), ...words('ReadWriteDirectories')].map((word) =>
    word.replace(/^[-+]+/, ''),
  );
  return { path, user: last('User'), group: last('Group'), own, writes };
}

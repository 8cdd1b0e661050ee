/** Time zones: tzset(3), tzfile(5). The zone of the image, and the whole database for programs that look zones up by name. @module */
import { isLibcItself } from './process-libc.ts';
import type { Facts, Requirement, Rule, Subject } from './rule.ts';

export const ZONEINFO = '/usr/share/zoneinfo';

/** For a suggestion no larger program is read. */
const LARGEST = 32 * 1024 * 1024;

/** Functions that turn seconds into local time or back; 32-bit programs with 64-bit time call the names with underscores. */
const LOCAL_TIME = /^(?:__)?(?:localtime|mktime|ctime|timelocal)(?:64)?(?:_r)?(?:64)?$|^tzset$/;

/** C++20's time zone database (std::chrono::locate_zone and get_tzdb). */
const CHRONO_ZONES = /^_ZN[KS].*6chrono.*(?:locate_zone|get_tzdb|current_zone)/;

export const timeZones: Rule = {
  name: 'time-zones',
  summary: 'the zone that TZ or /etc/localtime names, and the database for programs that look zones up by name',
  file: async (subject, facts) => {
    if (subject.elf === undefined || isLibcItself(subject)) return [];
    const symbols = [...(await facts.symbols(subject.path))];
    const local = symbols.find((name) => LOCAL_TIME.test(name));
    const chrono = symbols.find((name) => CHRONO_ZONES.test(name));
    return [
      ...(local === undefined ? [] : localTime(`calls ${local}`, facts)),
      ...(chrono === undefined ? [] : [zoneDatabase('looks up time zones by name (std::chrono)', subject, facts)]),
      ...(chrono === undefined && subject.use === 'program' ? await offered(subject, facts) : []),
    ];
  },
  image: async (facts) => zoneOfEnvironment(facts),
};

/** Without TZ, the zone is the one that /etc/localtime holds or links to; without that, UTC. */
export function localTime(because: string, { env }: Facts): Requirement[] {
  if ((env['TZ'] ?? '') !== '') return [];
  return [{ want: { kind: 'path', path: '/etc/localtime', use: 'data' }, strength: 'recommended', because }];
}

/** TZ: `:Area/City`, `Area/City`, a path, or a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`, which needs no file. */
function zoneOfEnvironment({ env }: Facts): Requirement[] {
  const name = (env['TZ'] ?? '').replace(/^:/, '');
  if (name === '' || /^(?:[A-Za-z]{3,}|<[^>]+>)[-+]?\d/.test(name)) return [];
  const path = name.startsWith('/') ? name : `${directory(env)}/${name}`;
  const because = `sets TZ to ${name}`;
  const want = { kind: 'path', path, use: 'data' } as const;
  if (/^(?:Etc\/)?(?:UTC|GMT|UCT|Zulu|Universal|Greenwich)$/.test(name))
    return [{ want, strength: 'recommended', because }];
  const unmet = {
    code: 'time-zone-data-missing',
    message: `the image sets TZ=${name}, and ${path} is not there: its programs take UTC for local time`,
    fix: `install tzdata in the source, or add the zone: --add ${path}`,
  } as const;
  return [{ want, strength: 'recommended', because, unmet }];
}

function directory(env: Facts['env']): string {
  return env['TZDIR'] ?? ZONEINFO;
}

/**
 * Every zone, for a program that is given their names. The copies of all zones with and without leap seconds (`right`,
 * `posix`) have no users and are left out.
 */
export function zoneDatabase(because: string, { path }: Subject, { env }: Facts): Requirement {
  const dir = directory(env);
  return {
    want: { kind: 'tree', path: dir, use: 'data', include: (leaf) => !/\/zoneinfo\/(?:right|posix)\//.test(leaf) },
    strength: 'recommended',
    because,
    unmet: {
      code: 'time-zone-data-missing',
      message: `${path} ${because}, and ${dir} is not there: no zone but UTC and local time is known`,
      fix: `install tzdata in the source, or add the database: --add ${dir}`,
    },
  };
}

/** A program that only names the directory may look zones up: a megabyte or more on a guess is left to the user. */
async function offered(subject: Subject, facts: Facts): Promise<Requirement[]> {
  if (subject.node.content.size > LARGEST) return [];
  if (!(await facts.mentions(subject.path, [ZONEINFO])).has(ZONEINFO)) return [];
  const { want } = zoneDatabase('', subject, facts);
  return [{ want, strength: 'suggested', because: `names ${ZONEINFO}` }];
}

import { describe, expect, test } from 'vitest';
import { type ElfFile, lines, world } from './testing.ts';
import { timeZones } from './time-zones.ts';

async function asked(elf: ElfFile, env: string[] = []) {
  const { facts, subject } = world({ '/bin/p': elf }, { config: { Env: env } });
  const file = (await timeZones.file?.(await subject('/bin/p'), facts)) ?? [];
  return { file, image: lines((await timeZones.image?.(facts)) ?? []), lines: lines(file) };
}

describe('local time', () => {
  test('is what /etc/localtime says, for whoever asks for it', async () => {
    for (const name of ['localtime', 'localtime_r', '__localtime64_r', 'mktime', '__mktime64', 'ctime_r', 'tzset']) {
      expect((await asked({ symbols: [name] })).lines, name).toEqual(['recommended path /etc/localtime']);
    }
    expect((await asked({ symbols: ['gmtime', 'time', 'strftime_l', 'mytzset'] })).lines).toEqual([]);
  });

  test('is what TZ says where it is set', async () => {
    const at = async (tz: string) => await asked({ symbols: ['localtime'] }, [`TZ=${tz}`]);
    expect((await at('Europe/Berlin')).lines).toEqual([]);
    const berlin = 'recommended path /usr/share/zoneinfo/Europe/Berlin (time-zone-data-missing)';
    expect((await at('Europe/Berlin')).image).toEqual([berlin]);
    expect((await at(':Europe/Berlin')).image).toEqual([berlin]);
    expect((await at('/opt/zone')).image).toEqual(['recommended path /opt/zone (time-zone-data-missing)']);
    expect((await at('UTC')).image).toEqual(['recommended path /usr/share/zoneinfo/UTC']);
    expect((await at('CET-1CEST,M3.5.0,M10.5.0/3')).image).toEqual([]);
    expect((await at('<+03>-3')).image).toEqual([]);
    expect((await asked({}, ['TZ=Asia/Tokyo', 'TZDIR=/z'])).image).toEqual([
      'recommended path /z/Asia/Tokyo (time-zone-data-missing)',
    ]);
  });
});

describe('the database', () => {
  test('is suggested to programs that name it, without the copies nobody uses', async () => {
    const { file } = await asked({ strings: ['/usr/share/zoneinfo'] });
    expect(lines(file)).toEqual(['suggested tree /usr/share/zoneinfo']);
    const want = file[0]?.want;
    const include = want?.kind === 'tree' ? want.include : undefined;
    const paths = ['Europe/Berlin', 'posix/Europe/Berlin', 'right/UTC', 'tzdata.zi'].map(
      (name) => `/usr/share/zoneinfo/${name}`,
    );
    expect(paths.map((path) => include?.(path))).toEqual([true, false, false, true]);
  });

  test('is recommended to programs that look zones up by name in C++20', async () => {
    const symbols = ['_ZNSt6chrono11locate_zoneESt17basic_string_viewIcSt11char_traitsIcEE'];
    expect((await asked({ symbols })).lines).toEqual(['recommended tree /usr/share/zoneinfo (time-zone-data-missing)']);
  });
});

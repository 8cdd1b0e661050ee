import { describe, expect, test } from 'vitest';
import { terminfo } from './terminfo.ts';
import { lines, world } from './testing.ts';

const LIBTINFO = {
  soname: 'libtinfo.so.6',
  strings: ['TERMINFO_DIRS', '/etc/terminfo:/lib/terminfo:/usr/share/terminfo'],
};

async function wanted(env: readonly string[] = [], file: object = LIBTINFO, path = '/lib/libtinfo.so.6') {
  const { facts, subject } = world({ [path]: file }, { config: { Env: env } });
  return lines((await terminfo.file?.(await subject(path, { program: '/usr/bin/app' }), facts)) ?? []);
}

describe('descriptions of terminals', () => {
  test('are looked for in all directories that the library knows', async () => {
    expect(await wanted()).toContain(
      'recommended first path /etc/terminfo/x/xterm | path /lib/terminfo/x/xterm | path /usr/share/terminfo/x/xterm',
    );
  });

  test('include the one that the image sets, which has to be there', async () => {
    expect((await wanted(['TERM=foot'])).filter((line) => line.includes('foot'))).toEqual([
      'recommended first path /etc/terminfo/f/foot | path /lib/terminfo/f/foot | path /usr/share/terminfo/f/foot (data-missing)',
    ]);
  });

  test('are nothing to other libraries, nor is a name that leads elsewhere a terminal', async () => {
    expect(await wanted([], { soname: 'libz.so.1' })).toEqual([]);
    expect((await wanted(['TERM=../../x'])).some((line) => line.includes('..'))).toBe(false);
  });
});

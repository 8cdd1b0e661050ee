import { describe, expect, test } from 'vitest';
import { generalised, locales, localesOf } from './locales.ts';
import { type ElfFile, lines, type Sketch, type WorldOptions, world } from './testing.ts';

async function asked(env: string[], files: Record<string, Sketch> = {}, options: WorldOptions = {}) {
  const program: ElfFile = { symbols: ['setlocale'] };
  const { facts, subject } = world({ '/bin/p': program, ...files }, { ...options, config: { Env: env } });
  return lines((await locales.file?.(await subject('/bin/p'), facts)) ?? []);
}

test('names are generalised as glibc does it', () => {
  expect(generalised('de_DE.UTF-8@euro')).toEqual([
    'de_DE.UTF-8@euro',
    'de_DE.utf8@euro',
    'de_DE.utf8',
    'de_DE@euro',
    'de_DE',
    'de.utf8@euro',
    'de.utf8',
    'de@euro',
    'de',
  ]);
  expect(generalised('C.UTF-8')).toEqual(['C.UTF-8', 'C.utf8', 'C']);
  expect(generalised('ja_JP.8859-1')).toContain('ja_JP.iso88591');
});

test('LC_ALL rules, C and POSIX need nothing', () => {
  expect([...localesOf({ LANG: 'de_DE.UTF-8', LC_TIME: 'C', LC_CTYPE: 'en_US.UTF-8' })]).toEqual([
    ['en_US.UTF-8', 'LC_CTYPE'],
    ['de_DE.UTF-8', 'LANG'],
  ]);
  expect([...localesOf({ LANG: 'de_DE.UTF-8', LC_ALL: 'POSIX' })]).toEqual([]);
});

describe('the rule', () => {
  test('wants the directory of the locale', async () => {
    expect(await asked(['LANG=C.UTF-8'])).toEqual([
      'recommended first tree /usr/lib/locale/C.UTF-8 | tree /usr/lib/locale/C.utf8 | tree /usr/lib/locale/C (data-missing)',
    ]);
  });

  test('or the archive, where it has the locale', async () => {
    const archive = { '/usr/lib/locale/locale-archive': 'x\0de_DE.utf8\0fr_FR.utf8\0' };
    expect((await asked(['LANG=de_DE.UTF-8'], archive))[0]).toMatch(
      /^recommended first path \/usr\/lib\/locale\/locale-archive \| tree/,
    );
    expect((await asked(['LANG=it_IT.UTF-8'], archive))[0]).not.toContain('archive');
  });

  test('suggests C.UTF-8 where nothing is set, and wants nothing on musl', async () => {
    expect(await asked([])).toEqual(['suggested tree /usr/lib/locale/C.utf8']);
    expect(await asked(['LANG=C.UTF-8'], {}, { libc: 'musl' })).toEqual([]);
  });
});

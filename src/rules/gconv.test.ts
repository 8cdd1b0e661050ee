import { describe, expect, test } from 'vitest';
import { gconv, parseIndex } from './gconv.ts';
import { type ElfFile, lines, type Sketch, type WorldOptions, world } from './testing.ts';

const DIR = '/usr/lib/x86_64-linux-gnu/gconv';
const LIBC = { soname: 'libc.so.6', strings: ['/usr/lib/x86_64-linux-gnu/gconv', `${DIR}/gconv-modules.cache`] };
const MODULES = `
alias LATIN1// ISO-8859-1//
module ISO-8859-1// INTERNAL ISO8859-1 1
module INTERNAL ISO-8859-1// ISO8859-1 1
`;
const EXTRA = `alias	SJIS//	SHIFT_JIS//\nmodule	SHIFT_JIS//	INTERNAL	SJIS	1\n${Array.from({ length: 9 }, (_, i) => `module X${i}// INTERNAL X${i} 1`).join('\n')}`;
const FILES: Record<string, Sketch> = {
  '/lib/libc.so.6': LIBC,
  [`${DIR}/gconv-modules`]: MODULES,
  [`${DIR}/gconv-modules.d/extra.conf`]: EXTRA,
  [`${DIR}/gconv-modules.cache`]: 'cache',
};

async function asked(elf: ElfFile, options: WorldOptions = {}, files = FILES) {
  const { facts, subject } = world({ '/bin/p': elf, ...files }, options);
  return lines((await gconv.file?.(await subject('/bin/p'), facts)) ?? []);
}

test('reads aliases and modules', () => {
  const index = parseIndex(MODULES + EXTRA);
  expect(index.get('LATIN1')).toEqual(['ISO8859-1']);
  expect(index.get('SJIS')).toEqual(['SJIS']);
  expect(index.has('INTERNAL')).toBe(false);
});

describe('a program that calls iconv_open', () => {
  test('gets the modules of the few character sets that it names', async () => {
    expect(await asked({ symbols: ['iconv_open'], strings: ['latin1', 'UTF-8', 'text', 'SJIS'] })).toEqual([
      `recommended path ${DIR}/ISO8859-1.so`,
      `recommended path ${DIR}/SJIS.so`,
      `recommended path ${DIR}/gconv-modules.cache`,
      `suggested tree ${DIR}`,
    ]);
  });

  test('is only offered those of a table', async () => {
    const strings = ['LATIN1', ...Array.from({ length: 9 }, (_, i) => `X${i}`)];
    const all = await asked({ symbols: ['iconv_open'], strings });
    expect(all).toContain(`suggested path ${DIR}/ISO8859-1.so`);
    expect(all.join()).not.toContain('recommended');
  });

  test('needs the lists where there is no cache', async () => {
    const { [`${DIR}/gconv-modules.cache`]: _, ...rest } = FILES;
    const all = await asked({ symbols: ['iconv_open'], strings: ['LATIN1'] }, {}, rest);
    expect(all).toContain(`recommended path ${DIR}/gconv-modules`);
  });

  test('needs nothing with musl, nor where it names what is built in', async () => {
    expect(await asked({ symbols: ['iconv_open'], strings: ['LATIN1'] }, { libc: 'musl' })).toEqual([]);
    expect(await asked({ symbols: ['iconv_open'], strings: ['UTF-8', 'UCS-4'] })).toEqual([`suggested tree ${DIR}`]);
  });
});

test("the character set of the image's locale is one that is used", async () => {
  const env = { config: { Env: ['LANG=ja_JP.SJIS'] } };
  expect(await asked({ symbols: ['setlocale'] }, env)).toEqual([
    `recommended path ${DIR}/SJIS.so`,
    `recommended path ${DIR}/gconv-modules.cache`,
  ]);
  expect(await asked({ symbols: ['setlocale'] }, { config: { Env: ['LANG=de_DE.UTF-8'] } })).toEqual([]);
});

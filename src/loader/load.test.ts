import { describe, expect, it } from 'vitest';
import { elfFile } from '../../test/elf.ts';
import { GLIBC_LOADER, GLIBC_TEXT, glibcRoot, LD_SO, program, rootOf } from '../../test/loader-tree.ts';
import type { Files } from '../ports/files.ts';
import { createLoaderCache } from './cache.ts';
import { writeCacheFile } from './cache-file.ts';
import { loadByName, loadModule, loadProgram } from './load.ts';
import type { LoaderOptions, LoadResult } from './types.ts';

const MAIN = '/app/main';

async function paths(files: Files, options: LoaderOptions = {}): Promise<string[]> {
  return namesOf(await loadProgram(files, MAIN, options));
}

/** Paths of what is loaded, the program and its loader left out. */
function namesOf({ objects }: LoadResult): string[] {
  return objects.filter(({ via }) => via !== 'program' && via !== 'interpreter').map(({ path }) => path);
}

describe('loadProgram', () => {
  it('says for each object by which name, for whom and where it was found', async () => {
    const files = glibcRoot({
      [MAIN]: program({ needed: ['liba.so'], rpath: '$ORIGIN/../lib' }),
      '/lib/liba.so': { soname: 'liba.so', needed: ['libb.so', 'ld-linux-x86-64.so.2'] },
      '/usr/lib/libb.so': {},
    });
    const result = await loadProgram(files, MAIN);
    expect(result).toMatchObject({
      libc: 'glibc',
      libcVersion: '2.41',
      missing: [],
      fatal: undefined,
      objects: [
        { name: MAIN, path: MAIN, realPath: MAIN, via: 'program', foundBy: 'itself', by: undefined },
        {
          name: 'liba.so',
          path: '/app/../lib/liba.so',
          realPath: '/lib/liba.so',
          via: 'needed',
          foundBy: 'rpath',
          by: MAIN,
        },
        { name: 'libb.so', path: '/usr/lib/libb.so', via: 'needed', foundBy: 'default', by: '/lib/liba.so' },
        { name: LD_SO, path: LD_SO, via: 'interpreter', by: '/lib/liba.so' },
      ],
    });
    expect(result.objects[2]?.tried).toEqual([
      '/app/../lib/libb.so',
      '/lib/x86_64-linux-gnu/libb.so',
      '/usr/lib/x86_64-linux-gnu/libb.so',
      '/lib/libb.so',
    ]);
  });

  it('puts the loader last where nothing needs it', async () => {
    const result = await loadProgram(glibcRoot({ [MAIN]: program() }), MAIN);
    expect(result.objects.map(({ via, by }) => [via, by])).toEqual([
      ['program', undefined],
      ['interpreter', undefined],
    ]);
  });

  it('follows links and tells them', async () => {
    const files = glibcRoot({ '/real/main': program({ needed: ['libx.so'], rpath: '$ORIGIN' }), '/real/libx.so': {} });
    const { objects } = await loadProgram(files, '/real/main');
    expect(objects[1]).toMatchObject({ path: '/real/libx.so', hops: [] });
  });

  it('names what is missing, who wants it and what was tried', async () => {
    const files = glibcRoot({ [MAIN]: program({ needed: ['libno.so', '/opt/liba.so'], runpath: '/opt' }) });
    expect((await loadProgram(files, MAIN)).missing).toEqual([
      {
        name: 'libno.so',
        by: MAIN,
        via: 'needed',
        tried: [
          '/opt/libno.so',
          '/lib/x86_64-linux-gnu/libno.so',
          '/usr/lib/x86_64-linux-gnu/libno.so',
          '/lib/libno.so',
          '/usr/lib/libno.so',
        ],
        rejected: [],
      },
      { name: '/opt/liba.so', by: MAIN, via: 'needed', tried: ['/opt/liba.so'], rejected: [] },
    ]);
  });

  it('passes over files for another machine and says why', async () => {
    const files = glibcRoot({
      [MAIN]: program({ needed: ['liba.so'] }),
      '/lib/liba.so': { machine: 183 },
      '/usr/lib/liba.so': { bits: 32, machine: 3 },
    });
    expect((await loadProgram(files, MAIN)).missing[0]?.rejected).toEqual([
      { path: '/lib/liba.so', why: 'for machine 183' },
      { path: '/usr/lib/liba.so', why: 'wrong ELF class: ELFCLASS32' },
    ]);
  });

  it('ends at a file that the loader takes for a fault of the installation', async () => {
    const files = glibcRoot({
      [MAIN]: program({ needed: ['liba.so', 'libb.so'] }),
      '/lib/liba.so/': '',
      '/lib/libb.so': {},
    });
    const { fatal, objects } = await loadProgram(files, MAIN);
    expect(fatal).toMatchObject({ code: 'INVALID', message: '/lib/liba.so: cannot read file data: Is a directory' });
    expect(objects.map(({ via }) => via)).toEqual(['program', 'interpreter']);
  });

  it.each([
    ['a missing loader', {}, []],
    [
      'a loader of another machine',
      { [LD_SO]: { ...GLIBC_LOADER, machine: 183 } },
      ['for machine 183, 64 bits, little endian'],
    ],
    ['a text as loader', { [LD_SO]: '#!/bin/sh' }, ['is no ELF file']],
  ])('reports %s, and what else would be loaded', async (_, loader, why) => {
    const files = rootOf({
      [MAIN]: program({ needed: ['liba.so'] }),
      '/usr/lib/x86_64-linux-gnu/liba.so': {},
      ...loader,
    });
    const { libc, missing, objects } = await loadProgram(files, MAIN);
    expect(libc).toBe('glibc');
    expect(missing).toMatchObject([{ name: LD_SO, by: MAIN, via: 'interpreter' }]);
    expect(missing[0]?.rejected.map((one) => one.why)).toEqual(why);
    expect(objects.map(({ path }) => path)).toContain('/usr/lib/x86_64-linux-gnu/liba.so');
  });

  it('refuses what is not there and what is no program', async () => {
    const files = rootOf({ '/bin/x': 'text', '/dir/': '' });
    await expect(loadProgram(files, '/bin/y')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(loadProgram(files, '/bin/x')).rejects.toMatchObject({ code: 'INVALID' });
    await expect(loadProgram(files, '/dir')).rejects.toMatchObject({ code: 'INVALID' });
  });

  it.each([
    ['without a dynamic section', { dynamic: false, type: 2 }],
    ['position-independent', { needed: [] }],
  ])('a static program loads nothing: %s', async (_, sketch) => {
    const result = await loadProgram(rootOf({ [MAIN]: sketch }), MAIN);
    expect(result.objects.map(({ path }) => path)).toEqual([MAIN]);
    expect(result.missing).toEqual([]);
  });

  it('finds versions that are wanted and not defined', async () => {
    const files = glibcRoot({
      [MAIN]: program({
        needed: ['liba.so', 'libb.so'],
        wants: { 'liba.so': ['A_1', 'A_2', 'A_3?'], 'libb.so': ['B_1'] },
      }),
      '/lib/liba.so': { soname: 'liba.so', defines: ['A_1'] },
      '/lib/libb.so': { soname: 'libb.so' },
    });
    expect((await loadProgram(files, MAIN)).missingVersions).toEqual([
      { object: MAIN, file: 'liba.so', version: 'A_2', provider: '/lib/liba.so' },
    ]);
  });

  it('loads preloads first, and goes on without those that are missing', async () => {
    const files = glibcRoot({
      [MAIN]: program({ needed: ['liba.so'] }),
      '/lib/liba.so': {},
      '/lib/libp.so': {},
      '/etc/ld.so.preload': '# nothing\n/opt/none.so libp.so',
    });
    const result = await loadProgram(files, MAIN);
    expect(namesOf(result)).toEqual(['/lib/libp.so', '/lib/liba.so']);
    expect(result.skipped).toMatchObject([{ name: '/opt/none.so', via: 'preload' }]);
    expect(result.configuration).toEqual(['/etc/ld.so.preload']);
  });

  it('keeps auditors apart', async () => {
    const files = glibcRoot({
      [MAIN]: program({ audit: 'libaudit.so:libnone.so' }),
      '/lib/libaudit.so': { needed: ['liba.so'] },
      '/lib/liba.so': {},
    });
    const result = await loadProgram(files, MAIN);
    expect(namesOf(result)).toEqual([]);
    expect(result.auditing.map(({ path }) => path)).toEqual(['/lib/libaudit.so', '/lib/liba.so']);
    expect(result.skipped).toMatchObject([{ name: 'libnone.so', via: 'audit' }]);
  });

  it('reads ld.so.cache, and nothing of ld.so.conf', async () => {
    const entry = { name: 'liba.so', path: '/opt/liba.so', flags: 0x303 };
    const sketches = {
      [MAIN]: program({ needed: ['liba.so'] }),
      '/opt/liba.so': {},
      '/etc/ld.so.conf': '/opt\n',
    };
    expect(await paths(glibcRoot(sketches))).toEqual([]);
    const cached = glibcRoot({ ...sketches, '/etc/ld.so.cache': writeCacheFile([entry], 'little') });
    const result = await loadProgram(cached, MAIN);
    expect(result.objects[1]).toMatchObject({ path: '/opt/liba.so', foundBy: 'cache' });
    expect(result.configuration).toEqual(['/etc/ld.so.cache']);
  });

  it('takes an auxiliary filtee where it is there, and skips it where not', async () => {
    const sketches = { [MAIN]: program({ needed: ['liba.so'] }), '/lib/liba.so': { auxiliary: 'libx.so' } };
    const result = await loadProgram(glibcRoot(sketches), MAIN);
    expect(result.missing).toEqual([]);
    expect(result.skipped).toMatchObject([{ name: 'libx.so', by: '/lib/liba.so', via: 'auxiliary' }]);
    expect(await paths(glibcRoot({ ...sketches, '/lib/libx.so': {} }))).toEqual(['/lib/libx.so', '/lib/liba.so']);
  });

  it('asks each place once: the second program costs no look-ups', async () => {
    const files = glibcRoot({ [MAIN]: program({ needed: ['liba.so'] }), '/usr/lib/liba.so': {} });
    let looks = 0;
    const lookup: Files['lookup'] = (path) => {
      looks++;
      return files.lookup(path);
    };
    const counting: Files = { ...files, lookup };
    const cache = createLoaderCache(counting);
    await loadProgram(counting, MAIN, { cache });
    const first = looks;
    await loadProgram(counting, MAIN, { cache, env: { LD_PRELOAD: 'liba.so' } });
    expect(looks).toBe(first);
  });
});

describe('the CPU level', () => {
  const files = glibcRoot({
    [MAIN]: program({ needed: ['liba.so', 'libb.so'], runpath: '/opt' }),
    '/opt/liba.so': {},
    '/opt/libb.so': {},
    '/opt/glibc-hwcaps/x86-64-v2/liba.so': {},
    '/opt/glibc-hwcaps/x86-64-v3/liba.so': { needed: ['libc.so'], runpath: '/opt' },
    '/opt/libc.so': {},
  });

  it('is the baseline by default', async () => {
    expect(await paths(files)).toEqual(['/opt/liba.so', '/opt/libb.so']);
  });

  it.each([
    ['x86-64-v2', ['/opt/glibc-hwcaps/x86-64-v2/liba.so', '/opt/libb.so']],
    ['x86-64-v4', ['/opt/glibc-hwcaps/x86-64-v3/liba.so', '/opt/libb.so', '/opt/libc.so']],
  ])('%s takes the best below it', async (cpu, expected) => {
    expect(await paths(files, { cpu })).toEqual(expected);
  });

  it('"all" adds what any level would load', async () => {
    const result = await loadProgram(files, MAIN, { cpu: 'all' });
    expect(namesOf(result)).toEqual(['/opt/liba.so', '/opt/libb.so']);
    expect(result.variants.map(({ path, level }) => [path, level])).toEqual([
      ['/opt/glibc-hwcaps/x86-64-v3/liba.so', 'x86-64-v3'],
      ['/opt/libc.so', 'x86-64-v4'],
      ['/opt/glibc-hwcaps/x86-64-v2/liba.so', 'x86-64-v2'],
    ]);
  });

  it('refuses one that the loader does not know', async () => {
    const error = expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining('x86-64-v4, x86-64-v3') });
    await expect(loadProgram(files, MAIN, { cpu: 'z15' })).rejects.toEqual(error);
  });

  it('of the old scheme counts only for loaders that have it', async () => {
    const sketches = { [MAIN]: program({ needed: ['liba.so'] }), '/lib/liba.so': {}, '/lib/tls/x86_64/liba.so': {} };
    const older = { ...GLIBC_LOADER, text: `${GLIBC_TEXT}\0tls` };
    expect(await paths(glibcRoot(sketches))).toEqual(['/lib/liba.so']);
    expect(await paths(glibcRoot({ ...sketches, [LD_SO]: older }))).toEqual(['/lib/tls/x86_64/liba.so']);
  });
});

describe('loadModule and loadByName', () => {
  const files = glibcRoot({
    [MAIN]: program({ needed: ['liba.so', 'libcaller.so'], rpath: '/opt/main' }),
    '/opt/main/liba.so': { soname: 'liba.so' },
    '/opt/main/libcaller.so': { soname: 'libcaller.so', runpath: '/opt/caller' },
    '/opt/modules/m.so': { needed: ['libn.so', 'liba.so'] },
    '/opt/main/libn.so': {},
    '/opt/caller/libm.so': {},
    '/opt/other/x.so': { runpath: '/opt/caller' },
  });

  it('gives the module, what it needs, and what the program has already', async () => {
    const { objects, missing } = await loadModule(files, '/opt/modules/m.so', { program: MAIN });
    expect(objects.map(({ path, foundBy, by }) => [path, foundBy, by])).toEqual([
      ['/opt/modules/m.so', 'path', MAIN],
      ['/opt/main/libn.so', 'rpath', '/opt/modules/m.so'],
      ['/opt/main/liba.so', 'loaded', MAIN],
    ]);
    expect(missing).toEqual([]);
  });

  it('without a program looks at the module by itself', async () => {
    const { objects, missing } = await loadModule(files, '/opt/modules/m.so');
    expect(objects[0]).toMatchObject({ path: '/opt/modules/m.so', via: 'program' });
    expect(missing.map(({ name }) => name)).toEqual(['libn.so', 'liba.so']);
  });

  it('searches for a name on behalf of the caller', async () => {
    const found = await loadByName(files, 'libm.so', { program: MAIN, by: '/opt/main/libcaller.so' });
    expect(found.objects).toMatchObject([{ path: '/opt/caller/libm.so', foundBy: 'runpath', via: 'dlopen' }]);
    const notFound = await loadByName(files, 'libm.so', { program: MAIN });
    expect(notFound.missing).toMatchObject([{ name: 'libm.so', by: MAIN, via: 'dlopen' }]);
  });

  it('opens a caller that is a module itself first', async () => {
    const found = await loadByName(files, 'libm.so', { program: MAIN, by: '/opt/other/x.so' });
    expect(found.objects).toMatchObject([{ path: '/opt/caller/libm.so', by: '/opt/other/x.so' }]);
  });

  it('begins anew with each question', async () => {
    const cache = createLoaderCache(files);
    const ask = () => loadByName(files, '/opt/modules/m.so', { program: MAIN, cache });
    expect(await ask()).toEqual(await ask());
  });
});

it('bounds what hostile files can ask for', { timeout: 60_000 }, async () => {
  const needed = Array.from({ length: 500 }, (_, i) => `lib${i}.so`);
  const runpath = Array.from({ length: 500 }, (_, i) => `/${i}`).join(':');
  const files = glibcRoot({ [MAIN]: program({ needed, runpath }) });
  await expect(loadProgram(files, MAIN)).rejects.toMatchObject({ code: 'LIMIT' });
  expect(elfFile({ needed }).length).toBeLessThan(200_000);
});

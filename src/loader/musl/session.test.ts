import { describe, expect, it } from 'vitest';
import { glibcRoot, LD_MUSL, muslRoot, program, rootOf } from '../../../test/loader-tree.ts';
import { loadByName, loadProgram } from '../load.ts';
import type { LoadResult } from '../types.ts';

const MAIN = '/app/main';

function found({ objects }: LoadResult): [string, string][] {
  return objects.slice(1).map(({ path, foundBy }) => [path, foundBy]);
}

describe("musl's loader", () => {
  it('inherits search paths of either kind, and is libc itself', async () => {
    const files = muslRoot({
      [MAIN]: program({ needed: ['liba.so', 'libc.so'], runpath: '$ORIGIN:/opt' }, LD_MUSL),
      '/app/liba.so': { needed: ['libb.so', 'libm.so.6'] },
      '/opt/libb.so': {},
    });
    const result = await loadProgram(files, MAIN);
    expect(result).toMatchObject({ libc: 'musl', libcVersion: '1.2.5', missing: [], configuration: [] });
    expect(found(result)).toEqual([
      ['/app/liba.so', 'runpath'],
      [LD_MUSL, 'path'],
      ['/opt/libb.so', 'runpath'],
    ]);
    expect(result.objects[2]).toMatchObject({ name: LD_MUSL, via: 'interpreter', by: MAIN });
  });

  it('searches the path file, else three directories', async () => {
    const sketches = {
      [MAIN]: program({ needed: ['liba.so'] }, LD_MUSL),
      '/usr/local/lib/liba.so': {},
      '/x/liba.so': {},
    };
    expect(found(await loadProgram(muslRoot(sketches), MAIN))[0]).toEqual(['/usr/local/lib/liba.so', 'default']);
    const configured = await loadProgram(muslRoot({ ...sketches, '/etc/ld-musl-x86_64.path': '/y\n/x\n' }), MAIN);
    expect(found(configured)[0]).toEqual(['/x/liba.so', 'default']);
    expect(configured.configuration).toEqual(['/etc/ld-musl-x86_64.path']);
  });

  it('does not open a second libc', async () => {
    const files = muslRoot({
      [MAIN]: program({ needed: ['/opt/libother.so'] }, LD_MUSL),
      '/opt/libother.so': { exports: ['__libc_start_main', 'stdin'] },
    });
    expect(found(await loadProgram(files, MAIN))).toEqual([[LD_MUSL, 'path']]);
  });

  it('knows no variants for better CPUs', async () => {
    const files = muslRoot({
      [MAIN]: program({ needed: ['liba.so'] }, LD_MUSL),
      '/lib/liba.so': {},
      '/lib/glibc-hwcaps/x86-64-v3/liba.so': {},
    });
    const result = await loadProgram(files, MAIN, { cpu: 'all' });
    expect([found(result)[0], result.variants]).toEqual([['/lib/liba.so', 'default'], []]);
  });

  it('names what is missing or of no use', async () => {
    const files = muslRoot({
      [MAIN]: program({ needed: ['liba.so', 'libb.so', 'libd.so'] }, LD_MUSL),
      '/lib/liba.so/': '',
      '/lib/libb.so': { machine: 183 },
    });
    const { missing, fatal } = await loadProgram(files, MAIN);
    expect(missing.map(({ name, rejected }) => [name, rejected.map(({ why }) => why)])).toEqual([
      ['liba.so', ['Is a directory']],
      ['libb.so', ['for machine 183, 64 bits, little endian']],
      ['libd.so', []],
    ]);
    expect(fatal).toBeUndefined();
  });

  it('opens modules by the search path of the program alone', async () => {
    const files = muslRoot({
      [MAIN]: program({ needed: ['liba.so'], rpath: '/opt' }, LD_MUSL),
      '/opt/liba.so': { rpath: '/modules' },
      '/modules/m.so': {},
      '/opt/n.so': { needed: ['liba.so', 'libc.so'] },
    });
    const inModules = await loadByName(files, 'm.so', { program: MAIN, by: '/opt/liba.so' });
    expect(inModules.missing).toMatchObject([{ name: 'm.so', via: 'dlopen' }]);
    const { objects } = await loadByName(files, 'n.so', { program: MAIN, by: '/opt/liba.so' });
    expect(objects.map(({ path, foundBy }) => [path, foundBy])).toEqual([
      ['/opt/n.so', 'rpath'],
      ['/opt/liba.so', 'loaded'],
      [LD_MUSL, 'loaded'],
    ]);
  });
});

it('a program for musl in a root with glibc lacks its loader', async () => {
  const files = glibcRoot({ [MAIN]: program({ needed: ['libc.musl-x86_64.so.1'] }, LD_MUSL) });
  const { libc, missing } = await loadProgram(files, MAIN);
  expect(libc).toBe('musl');
  expect(missing.map(({ name, via }) => [name, via])).toEqual([
    [LD_MUSL, 'interpreter'],
    ['libc.musl-x86_64.so.1', 'needed'],
  ]);
});

it('a library is looked at with the loader of its libc', async () => {
  const files = rootOf({
    [LD_MUSL]: { text: 'musl libc (x86_64)' },
    '/lib/liba.so': { needed: ['libc.so'], soname: 'liba.so' },
  });
  expect(await loadProgram(files, '/lib/liba.so')).toMatchObject({ libc: 'musl', missing: [] });
});

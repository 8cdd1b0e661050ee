import { describe, expect, it } from 'vitest';
import { elfFile, readerOf } from '../../test/elf.ts';
import { GLIBC_LOADER, LD_SO, MUSL_LOADER, rootOf, type Sketches } from '../../test/loader-tree.ts';
import { readElf } from '../formats/elf/read.ts';
import type { Elf } from '../formats/elf/types.ts';
import { createLoaderCache } from './cache.ts';
import { libcByName, readInterpreter } from './interpreter.ts';

async function facts(sketches: Sketches, path: string | undefined, target = {}) {
  const bytes = elfFile(target);
  const elf = (await readElf(readerOf(bytes), bytes.length)) as Elf;
  return readInterpreter(createLoaderCache(rootOf(sketches)), path, elf);
}

describe('readInterpreter', () => {
  it("takes a glibc loader's own word", async () => {
    expect(await facts({ [LD_SO]: GLIBC_LOADER }, LD_SO)).toMatchObject({
      libc: 'glibc',
      version: '2.41',
      soname: 'ld-linux-x86-64.so.2',
      systemDirs: ['/lib/x86_64-linux-gnu/', '/usr/lib/x86_64-linux-gnu/', '/lib/', '/usr/lib/'],
      lib: 'lib/x86_64-linux-gnu',
      levels: ['x86-64-v4', 'x86-64-v3', 'x86-64-v2'],
      legacyHwcaps: false,
      cachePath: '/etc/ld.so.cache',
      machineFirst: true,
    });
  });

  it('of other distributions too', async () => {
    const fedora = {
      ...GLIBC_LOADER,
      text: '/lib64/\0/usr/lib64/\0lib64\0ld.so (GNU libc) stable release version 2.39.',
    };
    expect(await facts({ [LD_SO]: fedora }, LD_SO)).toMatchObject({
      version: '2.39',
      systemDirs: ['/lib64/', '/usr/lib64/'],
      lib: 'lib64',
      machineFirst: false,
    });
    const nix = { ...GLIBC_LOADER, text: '/nix/store/abc-glibc-2.39/lib/\0/nix/store/abc-glibc-2.39/etc/ld.so.cache' };
    expect(await facts({ '/nix/ld.so': nix }, '/nix/ld.so')).toMatchObject({
      systemDirs: ['/nix/store/abc-glibc-2.39/lib/'],
      lib: 'lib',
      cachePath: '/nix/store/abc-glibc-2.39/etc/ld.so.cache',
    });
  });

  it("takes musl's", async () => {
    const path = '/lib/ld-musl-x86_64.so.1';
    expect(await facts({ [path]: MUSL_LOADER }, path)).toMatchObject({
      libc: 'musl',
      version: '1.2.5',
      muslArch: 'x86_64',
    });
  });

  it('makes up one that is not there, by the machine and what the root looks like', async () => {
    expect(
      await facts({ '/usr/lib/aarch64-linux-gnu/': '' }, '/lib/ld-linux-aarch64.so.1', { machine: 183 }),
    ).toMatchObject({
      libc: 'glibc',
      version: undefined,
      systemDirs: ['/lib/aarch64-linux-gnu/', '/usr/lib/aarch64-linux-gnu/', '/lib/', '/usr/lib/'],
    });
    expect(await facts({}, LD_SO)).toMatchObject({ systemDirs: ['/lib64/', '/usr/lib64/'], lib: 'lib64' });
    expect(await facts({}, undefined, { machine: 9999 })).toMatchObject({ libc: 'unknown', machine: undefined });
  });
});

it.each([
  ['/lib64/ld-linux-x86-64.so.2', 'glibc'],
  ['/lib/ld64.so.1', 'glibc'],
  ['/lib/ld.so.1', 'glibc'],
  ['/lib/ld-2.31.so', 'glibc'],
  ['/lib/ld-musl-armhf.so.1', 'musl'],
  ['/lib/ld-uClibc.so.0', 'uclibc'],
  ['/lib/ld64-uClibc.so.1', 'uclibc'],
  ['/system/bin/linker64', 'bionic'],
  ['/opt/own-loader', 'unknown'],
])('%s is of %s', (path, libc) => {
  expect(libcByName(path)).toBe(libc);
});

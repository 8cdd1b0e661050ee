/** ld.so.cache, read and written, against ldconfig's own view of it and the real loader's use. @module */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type CacheEntry, readCacheFile, writeCacheFile } from '../../../src/loader/cache-file.ts';
import { machineHas } from '../needs.ts';
import { debianTree } from '../trees.ts';
import { createRoot, GLIBCS, glibcKind, type Root } from './fixture.ts';
import { sameAsGlibc } from './questions.ts';
import { inRoot } from './real.ts';

const able = process.arch === 'x64' && machineHas({ root: true, programs: ['gcc', 'ldconfig', 'busybox', 'chroot'] });

/** `NAME (…) => PATH`, in the file's order. */
async function listed(root: string, path: string): Promise<string[]> {
  const text = await inRoot(root, `/sbin/ldconfig -p -C ${path}`);
  return text.split('\n').flatMap((line) => /^\t(.*) \(.*\) => (.*)$/.exec(line)?.slice(1, 3).join(' => ') ?? []);
}

function lines(entries: readonly CacheEntry[] | undefined): string[] {
  return (entries ?? []).map(({ name, path }) => `${name} => ${path}`);
}

const CACHE = '/etc/ld.so.cache';

const ROOTS = [
  { what: 'amd64', root: () => '/', endian: 'little', flags: 0x303 },
  { what: 'a newer glibc', root: () => debianTree({ suite: 'trixie' }), endian: 'little', flags: 0x303 },
  { what: 'arm64', root: () => debianTree({ suite: 'bookworm', arch: 'arm64' }), endian: 'little', flags: 0xa03 },
  { what: 'armhf', root: () => debianTree({ suite: 'bookworm', arch: 'armhf' }), endian: 'little', flags: 0x903 },
  { what: 's390x', root: () => debianTree({ suite: 'bookworm', arch: 's390x' }), endian: 'big', flags: 0x403 },
] as const;

describe.runIf(able).each(ROOTS)('the cache of $what', ({ root: rootOf, endian, flags }) => {
  const root = able ? rootOf() : undefined;
  const bytes = () => readFileSync(`${root}${CACHE}`);

  test.runIf(root !== undefined)('is read as ldconfig prints it', async () => {
    const entries = readCacheFile(bytes(), endian);
    expect(lines(entries)).toEqual(await listed(root as string, CACHE));
    expect(entries?.filter((entry) => entry.flags !== flags)).toEqual([]);
    expect(readCacheFile(bytes(), endian === 'big' ? 'little' : 'big')).toBeUndefined();
  });

  test.runIf(root !== undefined)('is written in the same order', () => {
    const entries = readCacheFile(bytes(), endian) ?? [];
    expect(readCacheFile(writeCacheFile(entries, endian), endian)).toEqual(entries);
    const names = (all: readonly CacheEntry[] | undefined) => all?.map(({ name }) => name);
    expect(names(readCacheFile(writeCacheFile(entries.toReversed(), endian), endian))).toEqual(names(entries));
  });
});

const MAIN = '/app/main';
const FLAGS = 0x303;

/** A program that wants three libraries, in places that only a cache of ours tells. */
function furnish(root: Root): CacheEntry[] {
  const names = ['libx.so.9', 'libx.so.10', 'liby.so'];
  root.program(MAIN, { needed: names });
  const entries = names.map((name): CacheEntry => ({ name, path: `/opt/${name}/${name}`, flags: FLAGS }));
  const better = ['x86-64-v2', 'x86-64-v3'].map((level): CacheEntry => {
    return { name: 'liby.so', path: `/opt/liby.so/glibc-hwcaps/${level}/liby.so`, flags: FLAGS, level, isaLevel: 1 };
  });
  const other: CacheEntry = { name: 'liby.so', path: '/nowhere/liby.so', flags: 0x803 };
  for (const { path, name } of [...entries, ...better]) root.library(path, { soname: name });
  return [other, ...entries, ...better, { name: 'libother.so', path: '/opt/different', flags: FLAGS }];
}

describe.runIf(able).each(GLIBCS)('a cache of ours, used by %s', (_, source) => {
  const from = able ? source() : undefined;
  test.runIf(from !== undefined)('leads to what it names, and ldconfig prints it', async () => {
    using root = createRoot(glibcKind(from as string));
    const entries = furnish(root);
    writeFileSync(`${root.path}${CACHE}`, writeCacheFile(entries, 'little'));
    const [answer] = await sameAsGlibc(root, [MAIN]);
    const found = answer?.objects.flatMap(({ path }) => path ?? []);
    expect(found).toEqual(expect.arrayContaining(['/opt/libx.so.9/libx.so.9', '/opt/libx.so.10/libx.so.10']));
    expect(found?.some((path) => /hwcaps.*liby/.test(path))).toBe(true);
    expect(await listed('/', `${root.path}${CACHE}`)).toEqual(
      lines(readCacheFile(readFileSync(`${root.path}${CACHE}`), 'little')),
    );
  });
});

describe.runIf(able)('caches that ldconfig makes', () => {
  test.each(['new', 'compat', 'old'])('in the form "%s"', async (form) => {
    using root = createRoot();
    for (const dir of ['', '/glibc-hwcaps/x86-64-v2', '/glibc-hwcaps/x86-64-v4']) {
      for (const name of ['liba.so.1', 'liba.so.10', 'liba.so.9'])
        root.library(`/opt/lib${dir}/${name}`, { soname: name });
    }
    root.file('/etc/ld.so.conf', '/opt/lib\n');
    root.ldconfig('-c', form);
    const bytes = readFileSync(`${root.path}${CACHE}`);
    const entries = readCacheFile(bytes, 'little');
    expect(lines(entries)).toEqual(await listed('/', `${root.path}${CACHE}`));
    expect(entries?.filter(({ level }) => level !== undefined)).toHaveLength(form === 'old' ? 0 : 6);
  });
});
